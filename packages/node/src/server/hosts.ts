import { isIP, isIPv6 } from "node:net";
import { ServiceError } from "@allium/core";
import { isLoopback } from "./loopback.ts";

/** The form of `Host` and of HTTP/2's `:authority`: a host, and a port where it is not the usual one. */
const authorityForm = /^(?:\[([0-9a-f:.]+)\]|([^\s:/?#@[\]]+))(?::\d*)?$/i;

/** A name, an address, or `*.` before a name for all names below it. */
const hostForm = /^(?:\*\.)?[\w-]+(?:\.[\w-]+)*\.?$/;

/**
 * The hosts under which a server may be called. A web page can point a name of its own at this machine, and have the
 * browser call the server that listens here (DNS rebinding). The browser then gives the page's name as the host. So a
 * server that only this machine can reach accepts only the hosts that it knows.
 */
export class Hosts {
	readonly #names: ReadonlySet<string>;
	/** `.example.org` for all names below it. */
	readonly #suffixes: readonly string[];
	readonly #isAny: boolean;
	/** Whether every host is allowed. */
	#isOpen: boolean;
	#isLocal = false;
	/** The host of the last request. Most clients call a server by one name, so it is remembered. */
	#last: { readonly authority: string; readonly isAllowed: boolean } | undefined;

	/**
	 * @param named the hosts that the operator names: `api.example.org`, `*.example.org` for all below it, `*` for all.
	 * @param own the hosts of the server itself: where it listens, and the host that it advertises.
	 * @throws ServiceError `failed_precondition` when one of `named` is not a host.
	 */
	constructor(named: readonly string[] = [], own: readonly string[] = []) {
		checkHosts("hosts", named);
		this.#isAny = named.includes("*");
		this.#isOpen = this.#isAny || named.length === 0;
		const names = [...named, ...own.map((authority) => hostOf(authority) ?? authority)];
		this.#names = new Set(names.map(normal));
		this.#suffixes = named.filter((host) => host.startsWith("*.")).map((host) => normal(host.slice(1)));
	}

	/** Takes the address on which the server listens. On a loopback address, only known hosts are allowed. */
	bound(address: string): void {
		this.#isLocal = isLoopback(address);
		if (this.#isLocal && !this.#isAny) this.#isOpen = false;
	}

	/** Whether every host is allowed, so that no request needs to be checked. */
	get isOpen(): boolean {
		return this.#isOpen;
	}

	/**
	 * Whether a request to this authority may be served. The authority comes from `Host`, HTTP/2's `:authority` or an
	 * absolute target. A request without one may be served: a browser always sends one.
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
		// Health checks and other instances call by address, and no page can point an address elsewhere.
		if (!this.#isLocal && isIP(host) !== 0) return true;
		return this.#suffixes.some((suffix) => host.endsWith(suffix));
	}
}

/** The host of an authority such as `example.org:8080` or `[::1]:8080`; undefined when the text is not an authority. */
export function hostOf(authority: string): string | undefined {
	const [, address, name] = authorityForm.exec(authority) ?? [];
	return address ?? name;
}

/**
 * Refuses a text that is not a host.
 *
 * @param option the name of the option that gave the hosts, for the error.
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

/** Brings all spellings of a host into one form. */
function normal(host: string): string {
	const name = unbracketed(host).replace(/\.$/, "").toLowerCase();
	if (!isIPv6(name)) return name;
	return unbracketed(URL.parse(`http://[${name}]`)?.hostname ?? name);
}

function unbracketed(host: string): string {
	return host.replace(/^\[|\]$/g, "");
}
