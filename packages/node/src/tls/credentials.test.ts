import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readConfig } from "../config/config.ts";
import { Authority, type Pair } from "./fixtures/certificates.ts";
import { alternativeNames } from "./identity.ts";

let authority: Authority;
let one: Pair;
let other: Pair;

beforeAll(() => {
	authority = new Authority();
	one = authority.issue("one", ["localhost"]);
	other = authority.issue("other", ["localhost"]);
});

afterAll(() => authority.remove());

describe("the files of a certificate", () => {
	test("are named by the environment, and by code before it", () => {
		const env = { ALLIUM_TLS_CERT: one.cert, ALLIUM_TLS_KEY: one.key, ALLIUM_TLS_CA: authority.ca };
		expect(readConfig(env).tls).toMatchObject({ ...one, ca: authority.ca });
		expect(readConfig(env, { tls: other }).tls).toMatchObject({ ...other, ca: authority.ca });
		expect(
			readConfig({ ...env, ALLIUM_TLS_CLIENTS: "request", ALLIUM_TLS_PLAIN: "loopback" }).tls,
		).toMatchObject({ clientCertificates: "request", plain: "loopback" });
	});

	test("that are not there are named, with what to do", () => {
		const env = { ALLIUM_TLS_CERT: "/nowhere/cert.pem", ALLIUM_TLS_KEY: one.key };
		expect(() => readConfig(env)).toThrow(
			"the TLS certificate (tls.cert, ALLIUM_TLS_CERT) names /nowhere/cert.pem, which does not exist; give the path of a PEM file",
		);
	});

	test.skipIf(process.getuid?.() === 0)(
		"that may not be read are named (not as root, who may read all)",
		() => {
			const secret = authority.issue("secret", ["localhost"]);
			chmodSync(secret.key, 0);
			expect(() => readConfig({ ALLIUM_TLS_CERT: secret.cert, ALLIUM_TLS_KEY: secret.key })).toThrow(
				`ALLIUM_TLS_KEY) names ${secret.key}, which may not be read by this process`,
			);
		},
	);

	test("that do not belong together are refused", () => {
		expect(() => readConfig({ ALLIUM_TLS_CERT: one.cert, ALLIUM_TLS_KEY: other.key })).toThrow(
			"the TLS private key (tls.key, ALLIUM_TLS_KEY) does not belong to the TLS certificate",
		);
	});

	test("that hold something else are refused", () => {
		const path = join(authority.folder, "text");
		writeFileSync(path, "hello");
		expect(() => readConfig({ ALLIUM_TLS_CERT: path, ALLIUM_TLS_KEY: one.key })).toThrow(
			'holds no PEM text with "CERTIFICATE-----"',
		);
		writeFileSync(path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
		expect(() => readConfig({ ALLIUM_TLS_CERT: path, ALLIUM_TLS_KEY: one.key })).toThrow(
			"the TLS files cannot be used",
		);
	});

	test("come in pairs", () => {
		expect(() => readConfig({ ALLIUM_TLS_CERT: one.cert })).toThrow(
			"the TLS certificate (tls.cert, ALLIUM_TLS_CERT) needs the TLS private key (tls.key, ALLIUM_TLS_KEY)",
		);
	});

	test.each([
		[{ ALLIUM_TLS_PLAIN: "yes" }, 'ALLIUM_TLS_PLAIN is "yes", but takes refuse, loopback, allow'],
		[
			{ ALLIUM_TLS_CLIENTS: "require" },
			"certificates of clients are checked against authorities, and there are none",
		],
	])("are asked about in words that are known: %j", (env, message) => {
		const files = { ALLIUM_TLS_CERT: one.cert, ALLIUM_TLS_KEY: one.key };
		expect(() => readConfig({ ...files, ...env })).toThrow(message);
	});
});

describe("the names of a certificate", () => {
	test("are told apart though one looks like several", () => {
		expect(
			alternativeNames('DNS:a.example, URI:"spiffe://x/a, URI:spiffe://x/admin", IP Address:::1'),
		).toEqual([
			{ type: "DNS", value: "a.example" },
			{ type: "URI", value: "spiffe://x/a, URI:spiffe://x/admin" },
			{ type: "IP Address", value: "::1" },
		]);
	});

	test("count for nothing when they are malformed", () => {
		expect(alternativeNames('URI:"spiffe://x, DNS:a')).toEqual([]);
	});
});
