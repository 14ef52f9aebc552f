import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { errorText } from "@allium/core";
import { refusal } from "@allium/core/adapter";
import type { Cluster, ClusterCredentials } from "./cluster.ts";
import { readCredentialFile } from "./credential-file.ts";
import { type ExecCommand, ExecCredential } from "./exec-credential.ts";
import type { Variables } from "./in-cluster.ts";
import { Renewed } from "./renewed.ts";

/** An object of a kubeconfig, and the folder that its relative paths begin in. */
interface Entry {
	readonly folder: string;
	readonly fields: Fields;
}

type Fields = Readonly<Record<string, unknown>>;

/** Several kubeconfig files as one: the first that says something wins. */
interface Merged {
	readonly files: readonly string[];
	readonly currentContext: string | undefined;
	readonly contexts: ReadonlyMap<string, Entry>;
	readonly clusters: ReadonlyMap<string, Entry>;
	readonly users: ReadonlyMap<string, Entry>;
}

/** Options of {@link fromKubeconfig}. */
export interface KubeconfigOptions {
	/** The path of the file. Default: the files of `KUBECONFIG`, else `~/.kube/config`. */
	readonly path?: string | undefined;
	/** Default: the current context of the file. */
	readonly context?: string | undefined;
	readonly env: Variables;
	/** The folder where relative paths begin. */
	readonly cwd: string;
}

/**
 * The cluster that a context of a kubeconfig names.
 *
 * @throws ServiceError `failed_precondition` that names the part which is missing, malformed or not supported.
 */
export async function fromKubeconfig(options: KubeconfigOptions): Promise<Cluster> {
	const merged = await mergeFiles(options);
	const name = options.context ?? merged.currentContext;
	const where = merged.files.join(" and ");
	if (name === undefined)
		throw refusal(`${where} has no current context; name one, as in kubernetes:?context=staging`);
	const context = find(merged.contexts, name, "context", where).fields.context;
	if (!isFields(context)) throw refusal(`the context ${name} in ${where} is empty`);
	const cluster = find(merged.clusters, textOf(context, "cluster") ?? "", "cluster", where);
	const userName = textOf(context, "user");
	const user = userName === undefined ? undefined : find(merged.users, userName, "user", where);
	const facts = isFields(cluster.fields.cluster) ? cluster.fields.cluster : {};
	const server = textOf(facts, "server");
	if (server === undefined || !/^https?:\/\//.test(server) || !URL.canParse(server)) {
		throw refusal(`the cluster of the context ${name} in ${where} has no server that is a URL`);
	}
	if (textOf(facts, "proxy-url") !== undefined) {
		throw refusal(`the cluster of the context ${name} in ${where} has a proxy-url, which is not supported`);
	}
	const identify = identityOf(user, where);
	const authority = authorityOf({ ...cluster, fields: facts });
	const credentials = new Renewed(async (isStale) => ({
		...(await authority()),
		...(await identify(isStale)),
	}));
	await credentials.get(false);
	return {
		server: server.replace(/\/+$/, ""),
		namespace: textOf(context, "namespace") ?? "default",
		credentials: (wasRefused) => credentials.get(wasRefused),
	};
}

/** Reads how the server proves its identity. */
function authorityOf({ folder, fields }: Entry): () => Promise<ClusterCredentials> {
	return async () => ({
		ca: await content({ folder, fields }, "certificate-authority"),
		serverName: textOf(fields, "tls-server-name"),
		isInsecure: fields["insecure-skip-tls-verify"] === true,
	});
}

/** Reads how this side proves its identity. */
function identityOf(
	user: Entry | undefined,
	where: string,
): (wasRefused: boolean) => Promise<ClusterCredentials> {
	const fields = isFields(user?.fields.user) ? user.fields.user : {};
	const folder = user?.folder ?? "";
	if (fields["auth-provider"] !== undefined || fields.username !== undefined) {
		const name = fields.username === undefined ? "auth-provider" : "username";
		throw refusal(`a user in ${where} has ${name}, which Kubernetes no longer supports; use exec or a token`);
	}
	if (fields.exec !== undefined) {
		const exec = new ExecCredential(execCommand(fields.exec, where), folder);
		return (wasRefused) => exec.get(wasRefused);
	}
	const tokenFile = textOf(fields, "tokenFile");
	return async () => ({
		token:
			tokenFile === undefined
				? textOf(fields, "token")
				: (await readCredentialFile(resolve(folder, tokenFile), "the token of the kubeconfig")).trim(),
		cert: await content({ folder, fields }, "client-certificate"),
		key: await content({ folder, fields }, "client-key"),
	});
}

function execCommand(value: unknown, where: string): ExecCommand {
	const command = isFields(value) ? textOf(value, "command") : undefined;
	if (!isFields(value) || command === undefined)
		throw refusal(`a user in ${where} has exec without a command`);
	const { args, env } = value;
	const variables = Array.isArray(env) ? env.filter(isFields) : [];
	return {
		command,
		apiVersion: textOf(value, "apiVersion") ?? "client.authentication.k8s.io/v1",
		args: Array.isArray(args) ? args.map(String) : [],
		env: Object.fromEntries(variables.map((one) => [String(one.name), String(one.value)])),
		installHint: textOf(value, "installHint"),
	};
}

/** The content of a field: from `<name>-data` as Base64, otherwise from the file that the field names. */
async function content({ folder, fields }: Entry, name: string): Promise<string | undefined> {
	const data = textOf(fields, `${name}-data`);
	if (data !== undefined) return Buffer.from(data, "base64").toString();
	const path = textOf(fields, name);
	return path === undefined
		? undefined
		: readCredentialFile(resolve(folder, path), `the ${name} of the kubeconfig`);
}

async function mergeFiles({ path, env, cwd }: KubeconfigOptions): Promise<Merged> {
	const files = pathsOf(path, env, cwd);
	const contexts = new Map<string, Entry>();
	const clusters = new Map<string, Entry>();
	const users = new Map<string, Entry>();
	let currentContext: string | undefined;
	const found: string[] = [];
	for (const file of files) {
		const config = await readConfig(file, files.length > 1);
		if (config === undefined) continue;
		found.push(file);
		currentContext ??= textOf(config, "current-context");
		for (const [into, list] of [
			[contexts, config.contexts],
			[clusters, config.clusters],
			[users, config.users],
		] as const) {
			for (const fields of Array.isArray(list) ? list.filter(isFields) : []) {
				const name = textOf(fields, "name") ?? "";
				if (!into.has(name)) into.set(name, { folder: dirname(file), fields });
			}
		}
	}
	if (found.length === 0) throw refusal(`there is no kubeconfig: ${files.join(", ")}`);
	return { files: found, currentContext, contexts, clusters, users };
}

function pathsOf(path: string | undefined, env: Variables, cwd: string): string[] {
	if (path !== undefined) return [resolve(cwd, path)];
	const named = (env.KUBECONFIG ?? "").split(delimiter).filter((one) => one !== "");
	if (named.length > 0) return named.map((one) => resolve(cwd, one));
	return [join(env.HOME ?? homedir(), ".kube", "config")];
}

/** @param mayBeMissing whether there are other files, as `KUBECONFIG` may name some that do not exist. */
async function readConfig(file: string, mayBeMissing: boolean): Promise<Fields | undefined> {
	let text: string;
	try {
		text = await readFile(file, "utf8");
	} catch (error) {
		const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
		if (isMissing && mayBeMissing) return undefined;
		const outside = "; outside of a cluster, kubernetes: needs one, as kubectl does";
		throw refusal(
			`the kubeconfig ${file} cannot be read: ${errorText(error)}${isMissing ? outside : ""}`,
			error,
		);
	}
	const { parse } = await import("yaml");
	let config: unknown;
	try {
		config = parse(text);
	} catch (error) {
		throw refusal(`the kubeconfig ${file} is not YAML: ${errorText(error).split("\n")[0]}`, error);
	}
	if (!isFields(config)) throw refusal(`the kubeconfig ${file} is not an object`);
	return config;
}

function find(among: ReadonlyMap<string, Entry>, name: string, kind: string, where: string): Entry {
	const entry = among.get(name);
	if (entry !== undefined) return entry;
	const names = [...among.keys()].join(", ");
	throw refusal(`${where} has no ${kind} ${JSON.stringify(name)}; it has ${names === "" ? "none" : names}`);
}

function isFields(value: unknown): value is Fields {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(fields: Fields, name: string): string | undefined {
	const value = fields[name];
	return typeof value === "string" && value !== "" ? value : undefined;
}
