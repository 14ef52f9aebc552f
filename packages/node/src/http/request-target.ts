import { hostOf } from "../server/hosts.ts";
import { invalid, type Request } from "./request-head.ts";

const absoluteForm = /^https?:\/\/([^/?#]*)(.*)$/is;

/** Finds out what requests are for, as RFC 9112 and RFC 9113 have it, before anybody looks at their paths. */
export class RequestTargets {
	/** A host that was looked at: most clients call a server by one. */
	#known = "";

	/**
	 * Puts path and query in place of an absolute target, and its authority in place of `Host`, which does not count
	 * then.
	 *
	 * @throws ServiceError `invalid_argument` when the target is none, or when it is not clear which host is meant:
	 * whoever passed the request on may have taken another.
	 */
	settle(request: Request): void {
		const { url = "" } = request;
		if (!url.startsWith("/") && !(url === "*" && request.method === "OPTIONS")) settleAbsolute(request, url);
		const host = hostIn(request);
		if (host === undefined || host === "" || host === this.#known) return;
		if (hostOf(host) === undefined) throw invalid(`the host ${JSON.stringify(host)} is none`);
		this.#known = host;
	}
}

function settleAbsolute(request: Request, url: string): void {
	const [, authority, rest = ""] = absoluteForm.exec(url) ?? [];
	if (authority === undefined || authority === "") {
		throw invalid(
			`the target of a request is a path that begins with a slash, and not ${JSON.stringify(url)}`,
		);
	}
	request.url = rest.startsWith("/") ? rest : `/${rest}`;
	const { rawHeaders } = request;
	for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
		if (isHost(rawHeaders[index] as string)) rawHeaders.splice(index, 2);
	}
	rawHeaders.push("host", authority);
	request.headers.host = authority;
}

/** The one host that a request names; undefined when it names none. */
function hostIn(request: Request): string | undefined {
	const { rawHeaders } = request;
	let host: string | undefined = "stream" in request ? request.authority : undefined;
	for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
		if (!isHost(rawHeaders[index] as string)) continue;
		const value = rawHeaders[index + 1] as string;
		if (host !== undefined && (host !== value || !("stream" in request))) {
			throw invalid("a request names one host, and this one names several");
		}
		host = value;
	}
	return host;
}

function isHost(name: string): boolean {
	return name.length === 4 && name.toLowerCase() === "host";
}
