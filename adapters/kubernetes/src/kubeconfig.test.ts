import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ExecCredential } from "./exec-credential.ts";
import { TestCluster } from "./fixtures/cluster.ts";
import { pod, sliceOf } from "./fixtures/pods.ts";

let cluster: TestCluster;
beforeEach(async () => {
	cluster = await TestCluster.start();
	cluster.server.store.put(sliceOf("orders", [pod("10.0.0.1")]));
});
afterEach(() => cluster.close());

interface Kubeconfig {
	readonly cluster?: Readonly<Record<string, unknown>>;
	readonly user?: Readonly<Record<string, unknown>>;
	readonly name?: string;
	readonly namespace?: string;
}

/** A kubeconfig with one context. JSON is YAML, too. */
function kubeconfig({
	cluster: facts,
	user = { token: "first-token" },
	name = "test",
	namespace = "shop",
}: Kubeconfig): string {
	const authority = { "certificate-authority": cluster.authority.ca };
	return JSON.stringify({
		"current-context": name,
		contexts: [{ name, context: { cluster: name, user: name, namespace } }],
		clusters: [{ name, cluster: { server: cluster.server.url, ...(facts ?? authority) } }],
		users: [{ name, user }],
	});
}

/** Opens a registry by a kubeconfig, and counts the instances. */
async function listed(text: string, url = "kubernetes:"): Promise<number> {
	const env = { KUBECONFIG: cluster.writeKubeconfig(text) };
	return (await (await cluster.open(url, { env })).list()).length;
}

function base64(path: string): string {
	return readFileSync(path).toString("base64");
}

describe("a kubeconfig", () => {
	test("may be YAML, with a token and the authority's certificate inside", async () => {
		const text = `
apiVersion: v1
kind: Config
current-context: test
contexts:
  - name: test
    context: { cluster: c, user: u, namespace: shop }
clusters:
  - name: c
    cluster:
      server: ${cluster.server.url}/
      certificate-authority-data: ${base64(cluster.authority.ca)}
users:
  - name: u
    user:
      token: first-token
`;
		expect(await listed(text)).toBe(1);
		expect(cluster.server.requests[0]).toMatchObject({ token: "first-token" });
	});

	test("may name files, beside itself", async () => {
		writeFileSync(join(cluster.folder, "token"), "first-token\n");
		writeFileSync(join(cluster.folder, "ca.pem"), readFileSync(cluster.authority.ca));
		const facts = { "certificate-authority": "ca.pem" };
		expect(await listed(kubeconfig({ cluster: facts, user: { tokenFile: "token" } }))).toBe(1);
	});

	test.each([["in files"], ["as data"]])("may identify this side by a certificate, %s", async (where) => {
		const { cert, key } = cluster.authority.issue("client", "", "/CN=somebody");
		const files = { "client-certificate": cert, "client-key": key };
		const data = { "client-certificate-data": base64(cert), "client-key-data": base64(key) };
		expect(await listed(kubeconfig({ user: where === "in files" ? files : data }))).toBe(1);
		expect(cluster.server.requests[0]).toMatchObject({ user: "somebody", token: undefined });
	});

	test("may switch the check of the server's certificate off", async () => {
		expect(await listed(kubeconfig({ cluster: { "insecure-skip-tls-verify": true } }))).toBe(1);
		await expect(listed(kubeconfig({ cluster: {} }))).rejects.toMatchObject({ code: "failed_precondition" });
	});

	test("has contexts, of which the URL names one", async () => {
		const text = JSON.stringify({
			...JSON.parse(kubeconfig({ name: "staging" })),
			"current-context": "production",
		});
		expect(await listed(text, "kubernetes:?context=staging")).toBe(1);
		await expect(listed(text)).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringMatching(/has no context "production"; it has staging$/),
		});
	});

	test("may be several files, of which the first that says something wins", async () => {
		const first = cluster.writeKubeconfig(kubeconfig({ name: "one" }), "first");
		const second = cluster.writeKubeconfig(kubeconfig({ name: "two", namespace: "empty" }), "second");
		const env = { KUBECONFIG: [join(cluster.folder, "missing"), first, second].join(":") };
		expect(await (await cluster.open("kubernetes:", { env })).list()).toHaveLength(1);
		expect(await (await cluster.open("kubernetes:?context=two", { env })).list()).toHaveLength(0);
	});

	test("is preferred to the service account of the pod where the URL names it", async () => {
		const path = cluster.writeKubeconfig(kubeconfig({ namespace: "empty" }));
		expect(await (await cluster.open(`kubernetes:?kubeconfig=${path}`)).list()).toEqual([]);
		expect(await (await cluster.open()).list()).toHaveLength(1);
	});

	test.each([
		["a: [", "is not YAML"],
		["- a", "is not an object"],
		["{}", "has no current context; name one, as in kubernetes:?context=staging"],
		[
			'{"current-context": "a", "contexts": [{"name": "a", "context": {"cluster": "b"}}]}',
			'has no cluster "b"; it has none',
		],
		[
			'{"current-context": "a", "contexts": [{"name": "a", "context": {"cluster": "b"}}], "clusters": [{"name": "b", "cluster": {"server": "10.0.0.1"}}]}',
			"has no server that is a URL",
		],
	])("that is wrong is refused in one sentence: %s", async (text, sentence) => {
		await expect(listed(text)).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringContaining(sentence),
		});
	});

	test.each([
		[
			{ username: "me", password: "secret" },
			"has username, which Kubernetes no longer supports; use exec or a token",
		],
		[{ "auth-provider": { name: "gcp" } }, "has auth-provider, which Kubernetes no longer supports"],
		[{ exec: {} }, "has exec without a command"],
		[{ tokenFile: "/nowhere/token" }, "the token of the kubeconfig cannot be read from /nowhere/token"],
	])("with a user that is not supported is refused: %j", async (user, sentence) => {
		await expect(listed(kubeconfig({ user }))).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringContaining(sentence),
		});
	});
});

describe("a program that prints credentials", () => {
	/** Writes a program that counts its runs and prints the n-th token. */
	function program(lines: readonly string[]): string {
		const path = join(cluster.folder, "get-token");
		writeFileSync(path, ["#!/bin/sh", ...lines, ""].join("\n"));
		chmodSync(path, 0o755);
		return path;
	}

	function credential(token: string, more = ""): string {
		return `echo '{"kind":"ExecCredential","status":{"token":"${token}"${more}}}'`;
	}

	test("is run with its arguments and variables, and once while its answer holds", async () => {
		program([
			`echo "$1 $GREETING $KUBERNETES_EXEC_INFO" >> ${join(cluster.folder, "runs")}`,
			credential("first-token"),
		]);
		const exec = {
			apiVersion: "client.authentication.k8s.io/v1",
			command: "./get-token",
			args: ["--for=shop"],
			env: [{ name: "GREETING", value: "hello" }],
		};
		expect(await listed(kubeconfig({ user: { exec } }))).toBe(1);
		expect(readFileSync(join(cluster.folder, "runs"), "utf8")).toMatch(
			/^--for=shop hello \{"apiVersion":"client\.authentication\.k8s\.io\/v1".*\}\n$/,
		);
	});

	test("is run again when the server refuses its answer", async () => {
		const flag = join(cluster.folder, "flag");
		program([`if [ -e ${flag} ]; then`, credential("second-token"), "else", credential("first-token"), "fi"]);
		const env = {
			KUBECONFIG: cluster.writeKubeconfig(kubeconfig({ user: { exec: { command: "./get-token" } } })),
		};
		const shop = await cluster.open("kubernetes:", { env });
		writeFileSync(flag, "");
		cluster.server.tokens.clear();
		cluster.server.tokens.add("second-token");
		expect(await shop.list()).toHaveLength(1);
	});

	test("is run again before its answer runs out", async () => {
		const runs = join(cluster.folder, "runs");
		const soon = new Date(Date.now() + 30_000).toISOString();
		program([`echo run >> ${runs}`, credential("first-token", `,"expirationTimestamp":"${soon}"`)]);
		const exec = new ExecCredential(
			{ command: "./get-token", apiVersion: "v1", args: [], env: {}, installHint: undefined },
			cluster.folder,
		);
		await exec.get(false);
		expect(await exec.get(false)).toMatchObject({ token: "first-token" });
		expect(readFileSync(runs, "utf8")).toBe("run\nrun\n");
		const late = new Date(Date.now() + 3_600_000).toISOString();
		program([`echo run >> ${runs}`, credential("second-token", `,"expirationTimestamp":"${late}"`)]);
		await exec.get(false);
		expect(await exec.get(false)).toMatchObject({ token: "second-token" });
		expect(readFileSync(runs, "utf8")).toBe("run\nrun\nrun\n");
	});

	test.each([
		[
			"is missing",
			"no-such-program",
			[],
			/no-such-program, which the kubeconfig names for credentials, failed: .*ENOENT; install it/,
		],
		["fails", "./get-token", ["exit 3"], /\.\/get-token, which .*, failed: Command failed.*; install it/],
		[
			"prints something else",
			"./get-token",
			["echo hello"],
			/failed: it printed no ExecCredential; install it/,
		],
	])("that %s is named in one sentence", async (_, command, lines, sentence) => {
		program(lines);
		const user = { exec: { command, installHint: "install it" } };
		await expect(listed(kubeconfig({ user }))).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringMatching(sentence),
		});
	});
});
