import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { filesOf } from "./guides/page.ts";
import { root } from "./workspace/root.ts";

/** The fields of a Kubernetes manifest that the tests read. */
interface Manifest {
	readonly apiVersion: string;
	readonly kind: string;
	readonly metadata: { readonly name: string };
	readonly spec?: unknown;
}

const page = readFileSync(join(root, "docs/guide/kubernetes.md"), "utf8");
const manifests: readonly { readonly title: string; readonly manifest: Manifest }[] = [...filesOf(page)]
	.filter(([file]) => file.endsWith(".yaml"))
	.flatMap(([file, text]) =>
		parseAllDocuments(text, { uniqueKeys: true }).map((document) => {
			expect(document.errors).toEqual([]);
			const manifest: Manifest = document.toJS();
			return { title: `${manifest.kind} ${manifest.metadata.name} in ${file}`, manifest };
		}),
	);

let folder: string;
beforeAll(() => {
	mkdirSync(join(root, ".cache"), { recursive: true });
	folder = mkdtempSync(join(root, ".cache", "manifests-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The module of `kubernetes-models` with the type and the schema of a manifest. */
function moduleOf({ apiVersion, kind }: Manifest): string {
	return `kubernetes-models/${apiVersion}/${kind}`;
}

/**
 * The compiler's errors for manifests as object literals of the types of the API. Unlike the schemas, the compiler
 * refuses fields that a type does not have.
 */
async function faultsOfTypes(given: readonly Manifest[]): Promise<string> {
	const program = given.map((manifest, index) => {
		const type = `import("${moduleOf(manifest)}").I${manifest.kind}`;
		return `export const manifest${index}: ${type} = ${JSON.stringify(manifest, undefined, "\t")};\n`;
	});
	writeFileSync(join(folder, "manifests.ts"), program.join("\n"));
	writeFileSync(
		join(folder, "tsconfig.json"),
		JSON.stringify({
			extends: join(root, "tsconfig.base.json"),
			compilerOptions: { noEmit: true, declaration: false, isolatedDeclarations: false },
			files: ["manifests.ts"],
		}),
	);
	const compiler = join(root, "node_modules/typescript/bin/tsc");
	const run = promisify(execFile)(process.execPath, [compiler, "-p", folder]);
	return run.then(
		() => "",
		({ stdout }: { stdout: string }) => stdout,
	);
}

/** The error of the API's schema for a manifest. */
async function faultOfSchema(manifest: Manifest): Promise<string> {
	const { [manifest.kind]: Model } = await import(moduleOf(manifest));
	try {
		new Model(manifest).validate();
		return "";
	} catch (error) {
		return String(error);
	}
}

describe("the manifests of the guide", () => {
	test("are there", () => {
		expect(manifests.map(({ manifest }) => manifest.kind)).toContain("Deployment");
		expect(manifests.map(({ manifest }) => manifest.kind)).toContain("Role");
	});

	test.each(manifests)("satisfy the schema: $title", async ({ manifest }) => {
		expect(await faultOfSchema(manifest)).toBe("");
	});

	test("have no field that the API does not know", async () => {
		expect(await faultsOfTypes(manifests.map(({ manifest }) => manifest))).toBe("");
	});

	test("refer to ports, roles and accounts that are there", () => {
		const all = JSON.stringify(manifests.map(({ manifest }) => manifest));
		const found = (pattern: RegExp): Set<string> =>
			new Set([...all.matchAll(pattern)].map(([, name = ""]) => name));
		const ports = found(/"name":"(\w+)","containerPort"/g);
		for (const port of found(/"(?:port|targetPort)":"(\w+)"/g)) expect(ports).toContain(port);
		const accounts = found(/"kind":"ServiceAccount","metadata":\{"name":"(\w+)"/g);
		for (const account of found(/"serviceAccountName":"(\w+)"/g)) expect(accounts).toContain(account);
		const roles = found(/"kind":"Role","metadata":\{"name":"([\w-]+)"/g);
		for (const role of found(/"kind":"Role","name":"([\w-]+)"/g)) expect(roles).toContain(role);
		const apps = found(/"labels":\{"app":"(\w+)"\}/g);
		for (const app of found(/"(?:selector|matchLabels)":\{"app":"(\w+)"\}/g)) expect(apps).toContain(app);
	});
});

describe("the checks find", () => {
	const [{ manifest: deployment } = { manifest: undefined }] = manifests;

	test.each([
		["a field that is misspelt", '"readinessProbe"', '"readynessProbe"', "readynessProbe"],
		["a field in the wrong place", '"replicas":3,', '"replicas":3,"containers":[],', "containers"],
	])("%s", async (_, before, after, fault) => {
		const changed: Manifest = JSON.parse(JSON.stringify(deployment).replace(before, after));
		expect(changed).not.toEqual(deployment);
		expect(await faultsOfTypes([changed])).toContain(fault);
	});

	test.each([
		["a field that is missing", '"selector":{"matchLabels":{"app":"orders"}},', "", "selector"],
		["a value of a wrong type", '"replicas":3', '"replicas":"three"', "replicas"],
	])("%s", async (_, before, after, fault) => {
		const changed: Manifest = JSON.parse(JSON.stringify(deployment).replace(before, after));
		expect(changed).not.toEqual(deployment);
		expect(await faultOfSchema(changed)).toContain(fault);
	});
});
