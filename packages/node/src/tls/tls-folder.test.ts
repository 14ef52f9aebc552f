import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readConfig } from "../config/config.ts";
import { Authority } from "./fixtures/certificates.ts";
import { tlsFolder } from "./tls-folder.ts";

let authority: Authority;

beforeEach(() => {
	authority = new Authority();
});

afterEach(() => authority.remove());

describe("a folder with certificates", () => {
	test("has the files of one app", () => {
		const folder = authority.issueApp("shop", ["spiffe://default/shop"]);
		expect(tlsFolder(folder)).toEqual({
			ca: join(folder, "ca.pem"),
			cert: join(folder, "cert.pem"),
			key: join(folder, "key.pem"),
			serverCertificates: "app",
		});
	});

	test("has a folder for each app, by name, before files of its own", () => {
		const shop = authority.issueApp("shop", ["spiffe://default/shop"]);
		authority.issueApp(".", ["spiffe://default/other"]);
		expect(tlsFolder(authority.folder, "shop").cert).toBe(join(shop, "cert.pem"));
		expect(tlsFolder(authority.folder, "web").cert).toBe(join(authority.folder, "cert.pem"));
	});

	test("may have the names of a Secret of Kubernetes", () => {
		const folder = authority.issueApp("shop", ["spiffe://default/shop"]);
		const names = { "ca.pem": "ca.crt", "cert.pem": "tls.crt", "key.pem": "tls.key" };
		for (const [from, to] of Object.entries(names)) renameSync(join(folder, from), join(folder, to));
		expect(tlsFolder(folder)).toMatchObject({ ca: join(folder, "ca.crt"), cert: join(folder, "tls.crt") });
	});

	test("without a certificate is refused, with what to do", () => {
		const { folder } = authority;
		const sentence = `the folder of ALLIUM_TLS, ${folder}, has no certificate for shop, such as shop/cert.pem or cert.pem; for development, make one with: allium tls issue shop --folder ${folder}`;
		expect(() => tlsFolder(folder, "shop")).toThrow(sentence);
		expect(() => readConfig({ ALLIUM_TLS: folder }, { name: "shop" })).toThrow(sentence);
	});

	test("is not left by the name of an app", () => {
		authority.issueApp("shop", ["spiffe://default/shop"]);
		const inner = join(authority.folder, "inner");
		mkdirSync(inner);
		expect(() => tlsFolder(inner, "../shop")).toThrow("has no certificate");
		expect(() => tlsFolder(inner, "..")).toThrow("has no certificate");
	});
});

describe("ALLIUM_TLS", () => {
	test("is mutual TLS by one variable, in which apps prove their names", () => {
		const folder = authority.issueApp("shop", ["spiffe://blue/shop"]);
		const env = { ALLIUM_TLS: authority.folder, ALLIUM_NAMESPACE: "blue" };
		expect(readConfig(env, { name: "shop" }).tls).toEqual({
			ca: join(folder, "ca.pem"),
			cert: join(folder, "cert.pem"),
			key: join(folder, "key.pem"),
			serverCertificates: "app",
			clientCertificates: undefined,
			plain: undefined,
			namespace: "blue",
		});
	});

	test("gives way to the variables for one of the files, and to code", () => {
		authority.issueApp("shop", ["spiffe://default/shop"]);
		const own = authority.issue("own", ["localhost"]);
		const env = { ALLIUM_TLS: authority.folder, ALLIUM_TLS_CERT: own.cert, ALLIUM_TLS_KEY: own.key };
		expect(readConfig(env, { name: "shop" }).tls).toMatchObject(own);
		const code = { ALLIUM_TLS: authority.folder, ALLIUM_TLS_SERVERS: "app" };
		expect(readConfig(code, { name: "shop", tls: { ...own, serverCertificates: "host" } }).tls).toMatchObject(
			{
				...own,
				serverCertificates: "host",
			},
		);
	});

	test("can be told that hosts are checked, not apps", () => {
		authority.issueApp("shop", ["shop.internal"]);
		const env = { ALLIUM_TLS: authority.folder, ALLIUM_TLS_SERVERS: "host" };
		expect(readConfig(env, { name: "shop" }).tls).toMatchObject({ serverCertificates: "host" });
		expect(() => readConfig({ ...env, ALLIUM_TLS_SERVERS: "all" }, { name: "shop" })).toThrow(
			'ALLIUM_TLS_SERVERS is "all", but takes host, app',
		);
	});

	test("with a broken file keeps the process from starting, in one sentence", () => {
		const folder = authority.issueApp("shop", ["spiffe://default/shop"]);
		writeFileSync(join(folder, "ca.pem"), "nothing");
		expect(() => readConfig({ ALLIUM_TLS: folder }, { name: "shop" })).toThrow(
			'the TLS authorities (tls.ca, ALLIUM_TLS_CA) holds no PEM text with "CERTIFICATE-----"',
		);
	});
});
