import { isIPv6 } from "node:net";
import { printable } from "@allium/core";
import type { HttpReader } from "../http/http-reader.ts";
import type { ProxyProtocol } from "../proxy/proxy-protocol.ts";
import { authorityForm, parseAuthority } from "../server/authority.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import type { BackendChoice, BackendChoices } from "./backend.ts";
import { backends, type Ports } from "./backends.ts";
import { type BackendOverrides, chooseBackends } from "./choose-backends.ts";
import { chooseTransport } from "./choose-transport.ts";
import { readHosts, readHttpReader, readProxyProtocol, readTls } from "./edge.ts";
import { type Environment, variable } from "./environment.ts";
import { wrongValue } from "./invalid-configuration.ts";

/** The configuration of a process: everything that depends on where it runs. */
export interface Config {
	readonly namespace: string;
	/** The backend of each port, such as the registry. */
	readonly backends: BackendChoices<Ports>;
	/** The transport that calls may take in addition to the transports of Node. Undefined for none. */
	readonly transport: BackendChoice | undefined;
	/** The schemes of the addresses at which others are called first, in order. */
	readonly schemes: readonly string[];
	/** The interface to listen on; undefined lets the registry decide: all if it spans hosts, loopback otherwise. */
	readonly host: string | undefined;
	/** The hosts by which others may call this process, in addition to its own host. If empty, the interface decides. */
	readonly hosts: readonly string[];
	/** The port to listen on; 0 for a free one. */
	readonly port: number;
	/** The host or host:port by which others reach this process; undefined for the one it listens on. */
	readonly advertise: string | undefined;
	readonly zone: string | undefined;
	readonly labels: Readonly<Record<string, string>>;
	/** TLS in both directions; undefined for none. */
	readonly tls: TlsOptions | undefined;
	/** Which connections begin with a header of the PROXY protocol. */
	readonly proxyProtocol: ProxyProtocol;
	/** The reader of HTTP/1.1: the server's own as far as possible, or Node's alone. */
	readonly httpReader: HttpReader;
	/** Whether calls of clients wait, up to their deadlines, until an instance of their callee is up. */
	readonly waitForReady: boolean;
}

type Settings = Omit<Config, "backends" | "transport">;

/** The settings that code may give; each takes precedence over the environment. */
export type ConfigOverrides = BackendOverrides<Ports> & {
	readonly [K in keyof Settings]?: Settings[K] | undefined;
} & {
	/** The name of the process, by which its certificate is found in the folder of `ALLIUM_TLS`. Default: none. */
	readonly name?: string;
	/**
	 * The URL of a transport that carries calls in addition to the transports of Node, such as
	 * `nats://nats.internal:4222`.
	 */
	readonly transport?: string | undefined;
};

/**
 * Reads the configuration. A setting comes from the option in code, otherwise from `ALLIUM_…` or `PORT`, otherwise from
 * the binding of Cloud Foundry in `VCAP_SERVICES`, otherwise from the default.
 *
 * @param named returns the name of an option of code for errors. Default: the option's own name.
 * @throws ServiceError `failed_precondition` that names the variable or option and the values that it takes.
 */
export function readConfig(
	env: Environment,
	overrides: ConfigOverrides = {},
	named: (option: keyof ConfigOverrides) => string = (option) => option,
): Config {
	const listen = readListen(env);
	const namespace = readNamespace(env, overrides.namespace, named("namespace"));
	return {
		namespace,
		backends: chooseBackends(backends, env, overrides, named),
		transport: chooseTransport(env, overrides.transport, named("transport")),
		schemes: readSchemes(env, overrides.schemes, named("schemes")),
		host: checkHost(overrides.host, named("host")) ?? listen.host,
		hosts: readHosts(env, overrides.hosts),
		port: checkPort(named("port"), String(overrides.port ?? listen.port)),
		advertise: readAdvertise(env, overrides.advertise),
		zone: readZone(env, overrides.zone),
		labels: overrides.labels ?? readLabels(variable(env, "ALLIUM_LABELS")),
		tls: readTls(env, overrides.tls, { namespace, app: overrides.name }),
		proxyProtocol: readProxyProtocol(env, overrides.proxyProtocol),
		httpReader: readHttpReader(env, overrides.httpReader),
		waitForReady: overrides.waitForReady ?? readSwitch(env, "ALLIUM_WAIT_FOR_READY"),
	};
}

function readSwitch(env: Environment, name: string): boolean {
	const text = variable(env, name) ?? "false";
	if (text === "true" || text === "false") return text === "true";
	throw wrongValue(name, text, "true or false");
}

/** Schemes by `ALLIUM_SCHEMES`: `allium+tls,nats`. */
function readSchemes(
	env: Environment,
	override: readonly string[] | undefined,
	option: string,
): readonly string[] {
	const text = variable(env, "ALLIUM_SCHEMES");
	const schemes = override ?? text?.split(",").map((scheme) => scheme.trim()) ?? [];
	if (schemes.every((scheme) => /^[a-z][a-z0-9+.-]*$/.test(scheme))) return schemes;
	const name = override === undefined ? "ALLIUM_SCHEMES" : option;
	throw wrongValue(name, schemes.join(","), "schemes without their colon, such as allium+tls,nats");
}

/** `ALLIUM_LISTEN` is `host:port`, `host`, or `:port`; `PORT` is a port alone and wins over its port. */
function readListen(env: Environment): { host: string | undefined; port: number } {
	const text = variable(env, "ALLIUM_LISTEN");
	const listen = parseListen("ALLIUM_LISTEN", text);
	const port = variable(env, "PORT");
	return { host: listen.host, port: port === undefined ? (listen.port ?? 0) : checkPort("PORT", port) };
}

/**
 * Parses the place to listen: `host:port`, `host`, or `:port`.
 *
 * @param name the variable or option, for the error.
 * @throws ServiceError `failed_precondition` for anything else.
 */
export function parseListen(
	name: string,
	text: string | undefined,
): { host: string | undefined; port: number | undefined } {
	if (text === undefined) return { host: undefined, port: undefined };
	if (/^:\d{1,5}$/.test(text) && Number(text.slice(1)) <= 65_535) {
		return { host: undefined, port: Number(text.slice(1)) };
	}
	const listen = parseAuthority(text);
	// An IPv6 address without brackets is ambiguous: its end may be a port.
	if (listen === undefined || isIPv6(text)) {
		const port = /^\d+$/.test(text) ? `; for the port alone write :${text}` : "";
		throw wrongValue(name, text, `host:port, such as 127.0.0.1:4000 or [::1]:4000${port}`);
	}
	return listen;
}

function checkHost(host: string | undefined, name: string): string | undefined {
	const authority = host === undefined ? undefined : parseAuthority(host);
	if (host === undefined || (authority !== undefined && authority.port === undefined)) return authority?.host;
	throw wrongValue(name, host, "a host without a port, such as 127.0.0.1 or ::1");
}

function readAdvertise(env: Environment, override: string | undefined): string | undefined {
	const text = override ?? variable(env, "ALLIUM_ADVERTISE");
	if (text === undefined || parseAuthority(text) !== undefined) return text;
	const name = override === undefined ? "ALLIUM_ADVERTISE" : "advertise";
	throw wrongValue(name, text, authorityForm);
}

function readZone(env: Environment, override: string | undefined): string | undefined {
	const zone = override ?? variable(env, "ALLIUM_ZONE");
	if (zone === undefined || isPlain(zone)) return zone;
	throw wrongValue(override === undefined ? "ALLIUM_ZONE" : "zone", zone, "letters that can be printed");
}

function readLabels(text: string | undefined): Record<string, string> {
	if (text === undefined) return {};
	const entries = text.split(",").map((entry) => {
		const [, key, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/s.exec(entry) ?? [];
		if (key === undefined || value === undefined || !isPlain(entry)) {
			throw wrongValue("ALLIUM_LABELS", text, "key=value,key=value");
		}
		return [key, value] as const;
	});
	return Object.fromEntries(entries);
}

/**
 * Whether a text has no characters that control a terminal or break a line, because it goes to registries, logs and
 * pages.
 */
function isPlain(text: string): boolean {
	return printable(text) === text && !/[\t\n]/.test(text);
}

function checkPort(name: string, text: string): number {
	const port = Number(text);
	if (/^\d+$/.test(text) && port <= 65_535) return port;
	throw wrongValue(name, text, "a port from 0 (any free one) to 65535");
}

function readNamespace(env: Environment, override: string | undefined, option: string): string {
	const text = override ?? variable(env, "ALLIUM_NAMESPACE") ?? "default";
	if (/^[A-Za-z0-9._-]{1,64}$/.test(text)) return text;
	const name = override === undefined ? "ALLIUM_NAMESPACE" : option;
	throw wrongValue(name, text, 'up to 64 letters, digits, ".", "_" and "-"');
}
