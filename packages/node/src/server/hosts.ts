import { isIP, isIPv6 } from "node:net";
import { ServiceError } from "@allium/core";
import { isLoopback } from "./loopback.ts";

/** What `Host` and HTTP/2's `:authority` may be: a host, and a port where it is not the usual one. */
const authorityForm = /^(?:\[([0-9a-f:.]+)\]|([^\s:/?#@[\]]+))(?::\d*)?$/i;

/** A name, an address, or `*.` before a name for all below it. */
const hostForm = /^(?:\*\.)?[\w-]+(?:\.[\w-]+)*\.?$/;

/**
 * The hosts under which a server may be called. A web page can point a name of its own at this machine and have the
 * browser call what listens here (DNS rebinding); the browser then gives the page's name as the host. So a server
 * that only this machine can reach takes no hosts but those that it knows.
 */
export class Hosts {
	readonly #names: ReadonlySet<string>;
	/** `.example.org` for all names below it. */
	readonly #suffixes: readonly string[];
	readonly #isAny: boolean;
	/** Whether each host may call. */
	#isOpen: boolean;
	#isLocal = false;
	/** What was asked for last: most clients call a server by one name. */
	#last: { readonly authority: string; readonly isAllowed: boolean } | undefined;

	/**
	 * @param named those that the operator names: `api.example.org`, `*.example.org` for all below it, `*` for all.
	 * @param own those of the server itself: where it listens, and as what it is advertised.
	 * @throws ServiceError `failed_precondition` when one of `named` is no host.
	 */
	constructor(named: readonly string[] = [], own: readonly string[] = []) {
		checkHosts("hosts", named);
		this.#isAny = named.includes("*");
		this.#isOpen = this.#isAny || named.length === 0;
		const names = [...named, ...own.map((authority) => hostOf(authority) ?? authority)];
		this.#names = new Set(names.map(normal));
		this.#suffixes = named.filter((host) => host.startsWith("*.")).map((host) => normal(host.slice(1)));
	}

	/** Told on which address the server listens: on one of this machine alone, only known hosts may call. */
	bound(address: string): void {
		this.#isLocal = isLoopback(address);
		if (this.#isLocal && !this.#isAny) this.#isOpen = false;
	}

	/** Whether each host may call, so that nobody need look. */
	get isOpen(): boolean {
		return this.#isOpen;
	}

	/**
	 * Whether a request may be served that is sent to this authority: what `Host`, HTTP/2's `:authority` or an
	 * absolute target say. A request that says nothing may: a browser always does.
	 */
	allows(authority: string | undefined): boolean {
		if (this.#isOpen || authority === undefined || authority === "") return true;
		if (this.#last?.authority !== authority) {
			this.#last = { authority, isAllowed: this.#isKnown(authority) };
		}
		return this.#last.isAllowed;
	}

	#isKnown(authority: string): boolean {
		const said = hostOf(authority);
		if (said === undefined) return false;
		const host = normal(said);
		if (isLoopback(host) || this.#names.has(host)) return true;
		// Addresses are what health checks and other instances call by, and no page can point one elsewhere.
		if (!this.#isLocal && isIP(host) !== 0) return true;
		return this.#suffixes.some((suffix) => host.endsWith(suffix));
	}
}

/** The host of an authority such as `example.org:8080` or `[::1]:8080`; undefined when it is none. */
export function hostOf(authority: string): string | undefined {
	const [, address, name] = authorityForm.exec(authority) ?? [];
	return address ?? name;
}

/**
 * Refuses what is no host.
 *
 * @param option where they were given, for the error.
 * @throws ServiceError `failed_precondition`.
 */
export function checkHosts(option: string, hosts: readonly string[]): void {
	const wrong = hosts.find((host) => host !== "*" && !hostForm.test(host) && !isIPv6(unbracketed(host)));
	if (wrong === undefined) return;
	throw new ServiceError({
		code: "failed_precondition",
		reason: "invalid_configuration",
		message: `${option} takes hosts without scheme and port, such as api.example.org, *.example.org, or * for all, and got ${JSON.stringify(wrong)}`,
	});
}

/** The same form for what means the same host. */
function normal(host: string): string {
	const name = unbracketed(host).replace(/\.$/, "").toLowerCase();
	if (!isIPv6(name)) return name;
	return unbracketed(URL.parse(`http://[${name}]`)?.hostname ?? name);
}

function unbracketed(host: string): string {
	return host.replace(/^\[|\]$/g, "");
}
