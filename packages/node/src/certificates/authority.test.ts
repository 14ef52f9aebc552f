import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Authority } from "./authority.ts";

let folder: string;

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "allium-certificates-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs openssl, which knows nothing of how the certificate was made. */
function openssl(...args: string[]): string {
	return execFileSync("openssl", args, { encoding: "utf8", stdio: "pipe" });
}

function file(name: string, text: string): string {
	const path = join(folder, name);
	writeFileSync(path, text);
	return path;
}

const names = ["spiffe://blue/shop", "localhost", "*.shop.example", "127.0.0.1", "::1", "2001:db8::7:0"];

describe("a certificate that an authority issued, as openssl sees it", () => {
	const authority = Authority.create();
	const pair = authority.issue({ name: "shop", names });

	test("is verified against the authority, for servers and for clients", () => {
		const ca = file("ca.pem", authority.pair.certificate);
		const cert = file("cert.pem", pair.certificate);
		for (const purpose of ["sslserver", "sslclient"]) {
			const said = openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", ca, cert);
			expect(said).toBe(`${cert}: OK\n`);
		}
	});

	test("has the names that it was issued for, and nothing that an authority may do", () => {
		const text = openssl("x509", "-noout", "-text", "-in", file("cert.pem", pair.certificate));
		expect(text).toContain("Version: 3");
		expect(text).toMatch(/Subject: CN\s?=\s?shop/);
		expect(text).toMatch(/Issuer: CN\s?=\s?Allium development authority/);
		expect(text).toContain(
			"URI:spiffe://blue/shop, DNS:localhost, DNS:*.shop.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:2001:DB8:0:0:0:0:7:0",
		);
		expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
		expect(text).toMatch(/Key Usage: critical\s+Digital Signature/);
		expect(text).toContain("TLS Web Server Authentication, TLS Web Client Authentication");
		expect(text).toContain("ASN1 OID: prime256v1");
	});

	test("belongs to its key", () => {
		const key = file("key.pem", pair.key);
		const publicKey = openssl("pkey", "-in", key, "-pubout");
		expect(openssl("x509", "-noout", "-pubkey", "-in", file("cert.pem", pair.certificate))).toBe(publicKey);
	});

	test("is not verified against another authority", () => {
		const other = file("other.pem", Authority.create().pair.certificate);
		const verify = () => openssl("verify", "-CAfile", other, file("cert.pem", pair.certificate));
		expect(verify).toThrow();
	});
});

test("the certificate of an authority says that it issues certificates for others, and no further authorities", () => {
	const text = openssl("x509", "-noout", "-text", "-in", file("ca.pem", Authority.create().pair.certificate));
	expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
	expect(text).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/);
});

test("an authority of openssl issues certificates, too", () => {
	const [key, cert] = [join(folder, "foreign.key"), join(folder, "foreign.pem")];
	const subject = "/C=DE/O=A company/CN=its authority";
	const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
	openssl("req", "-x509", ...ec, "-subj", subject, "-keyout", key, "-out", cert);
	const text = (path: string): string => execFileSync("cat", [path], { encoding: "utf8" });
	const authority = new Authority({ certificate: text(cert), key: text(key) });
	const issued = file("issued.pem", authority.issue({ name: "shop", names: ["localhost"] }).certificate);
	expect(openssl("verify", "-CAfile", cert, issued)).toBe(`${issued}: OK\n`);
});

test("no two certificates have a number in common", () => {
	const authority = Authority.create();
	const numbers = Array.from({ length: 20 }, () => {
		return new X509Certificate(authority.issue({ name: "a", names: [] }).certificate).serialNumber;
	});
	expect(new Set(numbers).size).toBe(20);
});

describe("how long a certificate is valid", () => {
	test.each([
		["2049-12-31T23:59:59Z", "Dec 31 23:59:59 2049 GMT"],
		["2050-01-01T00:00:00Z", "Jan  1 00:00:00 2050 GMT"],
	])("is written so that it is read as meant: %s", (validTo, read) => {
		const authority = Authority.create({ validTo: new Date("2060-01-01T00:00:00Z") });
		const { certificate } = authority.issue({ name: "a", names: [], validTo: new Date(validTo) });
		expect(new X509Certificate(certificate).validTo).toBe(read);
		expect(openssl("x509", "-noout", "-enddate", "-in", file("dated.pem", certificate))).toContain(read);
	});

	test("ends with its authority", () => {
		const end = new Date(Math.floor(Date.now() / 1_000) * 1_000 + 60_000);
		const authority = Authority.create({ validTo: end });
		const { certificate } = authority.issue({ name: "a", names: [] });
		expect(new Date(new X509Certificate(certificate).validTo)).toEqual(end);
	});

	test("may be over already, for tests", () => {
		const authority = Authority.create();
		const expired = authority.issue({
			name: "a",
			names: [],
			validFrom: new Date(Date.now() - 120_000),
			validTo: new Date(Date.now() - 60_000),
		});
		const ca = file("ca.pem", authority.pair.certificate);
		const verify = () => openssl("verify", "-CAfile", ca, file("cert.pem", expired.certificate));
		expect(verify).toThrow("certificate has expired");
	});
});

test.each([
	[
		"another key",
		(one: Authority, other: Authority) => ({ ...one.pair, key: other.pair.key }),
		"does not belong",
	],
	["no certificate", (one: Authority) => ({ ...one.pair, certificate: "nothing" }), ""],
])("an authority with %s is refused", (_, pair, message) => {
	expect(() => new Authority(pair(Authority.create(), Authority.create()))).toThrow(message);
});
