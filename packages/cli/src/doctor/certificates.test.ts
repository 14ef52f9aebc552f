import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tlsFolder } from "@allium/node";
import { Authority, type IssueOptions } from "@allium/node/certificates";
import { describe, expect, test } from "vitest";
import { Patient, Shop, shop } from "./fixtures/patient.ts";

const patient = new Patient();

const hourMs = 3_600_000;

describe("certificates", () => {
	const authority = Authority.create();

	function issue(app: string, options: Partial<IssueOptions> = {}): string {
		const { certificate, key } = authority.issue({
			name: app,
			names: [`spiffe://default/${app}`],
			...options,
		});
		const place = join(patient.folder, "tls", app);
		mkdirSync(place, { recursive: true });
		const files = { "ca.pem": authority.pair.certificate, "key.pem": key, "cert.pem": certificate };
		for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text);
		return place;
	}

	const withTls = () => ({ ALLIUM_TLS: join(patient.folder, "tls") });

	test("that are valid for long are well, those of this environment and of instances", async () => {
		issue("allium");
		await patient.serve(Shop, shop, { tls: tlsFolder(issue("shop")) });
		expect(await patient.found("certificates", [], withTls())).toMatchObject({
			code: 0,
			findings: [
				{ says: expect.stringMatching(/^an authority of this environment is valid until /) },
				{ says: expect.stringMatching(/^the certificate of this environment is valid until /) },
				{ says: expect.stringMatching(/^the certificate of shop \([0-9a-f]{8}\) is valid until /) },
			],
		});
	});

	test("that soon expire are told, with what to do", async () => {
		const almostOver = {
			validFrom: new Date(Date.now() - 24 * hourMs),
			validTo: new Date(Date.now() + hourMs),
		};
		issue("allium", almostOver);
		await patient.serve(Shop, shop, { tls: tlsFolder(issue("shop", almostOver)) });
		expect(await patient.found("certificates", [], withTls())).toMatchObject({
			code: 1,
			findings: [
				{
					state: "wrong",
					says: expect.stringMatching(/^the certificate of this environment is valid until .*, for 0 hours$/),
				},
				{
					state: "wrong",
					says: expect.stringMatching(/^the certificate of shop .* for 0 hours$/),
					remedy: "issue a new one (allium tls issue <app> --force); processes take it up without a restart",
				},
			],
		});
	});

	test("that have expired are told", async () => {
		issue("allium", { validFrom: new Date(Date.now() - 2 * hourMs), validTo: new Date(Date.now() - hourMs) });
		expect(await patient.found("certificates", [], withTls())).toMatchObject({
			code: 1,
			findings: [
				{
					state: "wrong",
					says: expect.stringMatching(/^the certificate of this environment has expired on /),
				},
			],
		});
	});

	test("of another authority, and of another app, are told", async () => {
		const place = issue("allium");
		writeFileSync(join(place, "ca.pem"), Authority.create().pair.certificate);
		await patient.serve(Shop, shop, { tls: tlsFolder(issue("web")) });
		expect(await patient.found("certificates", [], withTls())).toMatchObject({
			code: 1,
			findings: [
				{
					state: "wrong",
					says: "the certificate of this environment is not issued by an authority that this environment trusts",
				},
				{
					state: "wrong",
					says: expect.stringMatching(
						/^the certificate of shop .* names spiffe:\/\/default\/web instead of spiffe:\/\/default\/shop$/,
					),
					remedy: "issue one for it: allium tls issue shop",
				},
			],
		});
	});
});

test("an instance that lets in nobody without a certificate is told to those who have none", async () => {
	const authority = Authority.create();
	const { certificate: cert, key } = authority.issue({ name: "shop", names: ["127.0.0.1"] });
	const ca = join(patient.folder, "ca.pem");
	writeFileSync(ca, authority.pair.certificate);
	await patient.serve(Shop, shop, { tls: { cert, key, ca } });
	const remedy = expect.stringContaining("set ALLIUM_TLS to the folder with the certificates of the system");
	expect(await patient.found("instances")).toMatchObject({
		code: 1,
		findings: [{ says: expect.stringMatching(/is not reached over TLS from here: .*self-signed/), remedy }],
	});
	expect(await patient.found("instances", [], { ALLIUM_TLS_CA: ca })).toMatchObject({
		code: 1,
		findings: [{ says: expect.stringContaining("the client presents no certificate"), remedy }],
	});
});

test("an instance without TLS is told to those who have it", async () => {
	const authority = Authority.create();
	const { certificate, key } = authority.issue({ name: "allium", names: ["spiffe://default/allium"] });
	mkdirSync(join(patient.folder, "tls"));
	const files = { "ca.pem": authority.pair.certificate, "key.pem": key, "cert.pem": certificate };
	for (const [name, text] of Object.entries(files)) writeFileSync(join(patient.folder, "tls", name), text);
	await patient.serve(Shop, shop);
	expect(await patient.found("instances", [], { ALLIUM_TLS: join(patient.folder, "tls") })).toMatchObject({
		code: 1,
		findings: [
			{
				says: expect.stringMatching(
					/^shop \([0-9a-f]{8}\) registered without TLS, and is not called from here$/,
				),
				remedy: expect.stringContaining("start that app with ALLIUM_TLS, too"),
			},
		],
	});
});
