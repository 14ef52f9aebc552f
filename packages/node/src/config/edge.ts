import { defaultHttpReader, type HttpReader, httpReaders } from "../http/http-reader.ts";
import { type ProxyProtocol, proxiedFrom } from "../proxy/proxy-protocol.ts";
import { checkHosts } from "../server/hosts.ts";
import { Credentials } from "../tls/credentials.ts";
import { tlsFolder } from "../tls/tls-folder.ts";
import type { ClientCertificates, PlainPolicy, ServerCertificates, TlsOptions } from "../tls/tls-options.ts";
import { type Environment, variable } from "./environment.ts";
import { invalidConfiguration, wrongValue } from "./invalid-configuration.ts";

const plainPolicies: readonly PlainPolicy[] = ["refuse", "loopback", "allow"];
const clientCertificates: readonly ClientCertificates[] = ["require", "request", "ignore"];
const serverCertificates: readonly ServerCertificates[] = ["host", "app"];

/**
 * TLS by the folder of `ALLIUM_TLS`, or by `ALLIUM_TLS_CERT`, `ALLIUM_TLS_KEY` and `ALLIUM_TLS_CA`, which take
 * precedence over it. `ALLIUM_TLS_CLIENTS`, `ALLIUM_TLS_SERVERS` and `ALLIUM_TLS_PLAIN` set the requirements. Undefined
 * if neither they nor the code set anything.
 *
 * @throws ServiceError `failed_precondition` that names the file at fault and the fault.
 */
export function readTls(
	env: Environment,
	override: TlsOptions | undefined,
	{ namespace, app }: { readonly namespace: string; readonly app: string | undefined },
): TlsOptions | undefined {
	const path = variable(env, "ALLIUM_TLS");
	const folder = path === undefined ? undefined : tlsFolder(path, app);
	const cert = override?.cert ?? variable(env, "ALLIUM_TLS_CERT") ?? folder?.cert;
	const key = override?.key ?? variable(env, "ALLIUM_TLS_KEY") ?? folder?.key;
	const ca = override?.ca ?? variable(env, "ALLIUM_TLS_CA") ?? folder?.ca;
	const servers =
		override?.serverCertificates ??
		oneOf("ALLIUM_TLS_SERVERS", env, serverCertificates) ??
		folder?.serverCertificates;
	const clients = override?.clientCertificates ?? oneOf("ALLIUM_TLS_CLIENTS", env, clientCertificates);
	const plain = override?.plain ?? oneOf("ALLIUM_TLS_PLAIN", env, plainPolicies);
	if (cert === undefined && key === undefined && ca === undefined && override === undefined) {
		const set = { ALLIUM_TLS_CLIENTS: clients, ALLIUM_TLS_SERVERS: servers, ALLIUM_TLS_PLAIN: plain };
		const [name] = Object.entries(set).find(([, value]) => value !== undefined) ?? [];
		if (name === undefined) return undefined;
		throw invalidConfiguration(
			`${name} is set, but has no effect without TLS; set ALLIUM_TLS, or ALLIUM_TLS_CERT and ALLIUM_TLS_KEY, as well`,
		);
	}
	const tls: TlsOptions = {
		...override,
		cert,
		key,
		ca,
		clientCertificates: clients,
		serverCertificates: servers,
		plain,
		namespace: override?.namespace ?? namespace,
	};
	if (ca === undefined && (clients ?? "ignore") !== "ignore") {
		throw invalidConfiguration(
			"certificates of clients are checked against authorities, and there are none; set tls.ca (ALLIUM_TLS_CA)",
		);
	}
	// This object is made only so that a bad file is reported now.
	new Credentials(tls);
	return tls;
}

/** Hosts by `ALLIUM_HOSTS`: `api.example.org,*.example.net`. */
export function readHosts(env: Environment, override: readonly string[] | undefined): readonly string[] {
	const hosts =
		override ??
		variable(env, "ALLIUM_HOSTS")
			?.split(",")
			.map((host) => host.trim()) ??
		[];
	checkHosts(override === undefined ? "ALLIUM_HOSTS" : "hosts", hosts);
	return hosts;
}

/** The reader of HTTP/1.1, from `ALLIUM_HTTP`: `strict` or `node`. */
export function readHttpReader(env: Environment, override: HttpReader | undefined): HttpReader {
	if (override === undefined) return oneOf("ALLIUM_HTTP", env, httpReaders) ?? defaultHttpReader;
	if (httpReaders.includes(override)) return override;
	throw wrongValue("httpReader", override, httpReaders.join(", "));
}

/** The PROXY protocol by `ALLIUM_PROXY_PROTOCOL`: `true`, `false`, or networks such as `10.0.0.0/8,fd00::/8`. */
export function readProxyProtocol(env: Environment, override: ProxyProtocol | undefined): ProxyProtocol {
	const proxy = override ?? parseProxyProtocol(variable(env, "ALLIUM_PROXY_PROTOCOL"));
	// This call is made only because it throws for a malformed network.
	proxiedFrom(proxy, override === undefined ? "ALLIUM_PROXY_PROTOCOL" : "proxyProtocol");
	return proxy;
}

function parseProxyProtocol(text: string | undefined): ProxyProtocol {
	if (text === undefined || text === "false" || text === "0") return false;
	if (text === "true" || text === "1") return true;
	return { from: text.split(",").map((network) => network.trim()) };
}

function oneOf<Word extends string>(
	name: string,
	env: Environment,
	words: readonly Word[],
): Word | undefined {
	const text = variable(env, name);
	if (text === undefined) return undefined;
	const word = words.find((one) => one === text);
	if (word === undefined) throw wrongValue(name, text, words.join(", "));
	return word;
}
