import { type ProxyProtocol, proxiedFrom } from "../proxy/proxy-protocol.ts";
import { checkHosts } from "../server/hosts.ts";
import { Credentials } from "../tls/credentials.ts";
import type { ClientCertificates, PlainPolicy, TlsOptions } from "../tls/tls-options.ts";
import { type Environment, variable } from "./environment.ts";
import { invalidConfiguration, wrongValue } from "./invalid-configuration.ts";

const plainPolicies: readonly PlainPolicy[] = ["refuse", "loopback", "allow"];
const clientCertificates: readonly ClientCertificates[] = ["require", "request", "ignore"];

/**
 * TLS by `ALLIUM_TLS_CERT`, `ALLIUM_TLS_KEY`, `ALLIUM_TLS_CA`, `ALLIUM_TLS_CLIENTS` and `ALLIUM_TLS_PLAIN`;
 * undefined where neither they nor the code set anything.
 *
 * @throws ServiceError `failed_precondition` that names the file at fault and says what is wrong with it.
 */
export function readTls(env: Environment, override: TlsOptions | undefined): TlsOptions | undefined {
	const cert = override?.cert ?? variable(env, "ALLIUM_TLS_CERT");
	const key = override?.key ?? variable(env, "ALLIUM_TLS_KEY");
	const ca = override?.ca ?? variable(env, "ALLIUM_TLS_CA");
	const clients = override?.clientCertificates ?? oneOf("ALLIUM_TLS_CLIENTS", env, clientCertificates);
	const plain = override?.plain ?? oneOf("ALLIUM_TLS_PLAIN", env, plainPolicies);
	if (cert === undefined && key === undefined && ca === undefined && override === undefined) {
		if (clients === undefined && plain === undefined) return undefined;
		const name = clients === undefined ? "ALLIUM_TLS_PLAIN" : "ALLIUM_TLS_CLIENTS";
		throw invalidConfiguration(
			`${name} is set, but has no effect without TLS; set ALLIUM_TLS_CERT and ALLIUM_TLS_KEY as well`,
		);
	}
	const tls: TlsOptions = { ...override, cert, key, ca, clientCertificates: clients, plain };
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
