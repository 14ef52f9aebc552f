import { hostOf } from "../server/hosts.ts";
import type { HttpRequest } from "./http-request.ts";
import { invalid } from "./request-head.ts";

const absoluteForm = /^https?:\/\/([^/?#]*)(.*)$/is;

/** A request whose target can be set by its reader. */
export interface UnsettledRequest extends HttpRequest {
	target: string;
	path: string;
	authority: string | undefined;
}

/** Finds out the target of requests, as RFC 9112 and RFC 9113 define it, before anything looks at their paths. */
export class RequestTargets {
	/** The host that was checked last. Most clients call a server by one, so it is remembered. */
	#known = "";

	/**
	 * Sets the path and the authority of a request. The path and query of an absolute target replace it, and its
	 * authority takes precedence over `Host`.
	 *
	 * @throws ServiceError `invalid_argument` when the target is malformed, or when the host is ambiguous: a proxy
	 * that passed the request on may have chosen another one.
	 */
	settle(request: UnsettledRequest): void {
		const { target, known } = request;
		if (known?.path !== undefined) {
			request.path = known.path;
			request.authority = known.authority;
			return;
		}
		if (!target.startsWith("/") && !(target === "*" && request.method === "OPTIONS")) settleAbsolute(request);
		const queryStart = request.target.indexOf("?");
		request.path = queryStart < 0 ? request.target : request.target.slice(0, queryStart);
		request.authority = this.#checked(hostIn(request));
		if (known === undefined) return;
		known.path = request.path;
		known.authority = request.authority;
	}

	/** Returns the same string for the same host, because strings that are the same object are compared faster. */
	#checked(host: string | undefined): string | undefined {
		if (host === undefined || host === "") return host;
		if (host === this.#known) return this.#known;
		if (hostOf(host) === undefined) throw invalid(`the host ${JSON.stringify(host)} is malformed`);
		this.#known = host;
		return host;
	}
}

function settleAbsolute(request: UnsettledRequest): void {
	const { target } = request;
	const [, authority, rest = ""] = absoluteForm.exec(target) ?? [];
	if (authority === undefined || authority === "") {
		throw invalid(
			`the target of a request is a path that begins with a slash, and not ${JSON.stringify(target)}`,
		);
	}
	request.target = rest.startsWith("/") ? rest : `/${rest}`;
	const { rawHeaders } = request;
	for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
		if (isHost(rawHeaders[index] as string)) rawHeaders.splice(index, 2);
	}
	rawHeaders.push("host", authority);
}

/** The one host that a request names; undefined when it names none. */
function hostIn(request: UnsettledRequest): string | undefined {
	const { known, version } = request;
	const rawHeaders = known?.rawHeaders ?? request.rawHeaders;
	let host = request.authority;
	for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
		if (!isHost(rawHeaders[index] as string)) continue;
		const value = rawHeaders[index + 1] as string;
		// Over HTTP/2 a `Host` may accompany the authority, if both are the same.
		if (host !== undefined && (host !== value || version === 1)) {
			throw invalid("a request names one host, and this one names several");
		}
		host = value;
	}
	return host;
}

function isHost(name: string): boolean {
	return name.length === 4 && name.toLowerCase() === "host";
}
