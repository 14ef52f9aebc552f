import type { EndpointTable } from "@allium/core";
import { mediaType } from "@allium/core/http";
import type { HttpRequest } from "../http/http-request.ts";
import type { HttpResponse } from "../http/http-response.ts";
import { checkClaims, hasVerb, isBelow } from "./claims.ts";
import type {
	Claim,
	ContentTypeClaim,
	MatchClaim,
	OpenProtocol,
	PathClaim,
	Port,
	PortProtocol,
} from "./port-protocol.ts";

/** A claim, and the protocol that makes it. */
interface Claimed<Kind extends Claim> {
	readonly claim: Kind;
	readonly protocol: OpenProtocol;
}

/** The protocols of one port. It gives each request to the one that claims it, in the order of `precedence`. */
export class ProtocolTable {
	readonly #endpoints: EndpointTable;
	readonly #protocols: readonly OpenProtocol[];
	readonly #byType = new Map<string, Claimed<ContentTypeClaim>>();
	readonly #byPath = new Map<string, Claimed<PathClaim>[]>();
	/** Claims on all paths below one, the longest first. */
	readonly #below: (Claimed<PathClaim> & { readonly prefix: string })[] = [];
	readonly #matching: Claimed<MatchClaim>[] = [];

	/**
	 * @param protocols the plugged-in ones, then the port's own. The last takes every request that is left.
	 * @throws ServiceError `failed_precondition` when claims conflict or are malformed; and any error that a
	 * protocol throws when it is opened.
	 */
	constructor(port: Port, protocols: readonly PortProtocol[]) {
		this.#endpoints = port.endpoints;
		checkClaims(protocols, port.endpoints);
		this.#protocols = protocols.map((protocol) => {
			const open = protocol.open(port);
			for (const claim of protocol.claims) this.#add(claim, open);
			return open;
		});
		this.#below.sort((one, other) => other.claim.path.length - one.claim.path.length);
	}

	/** Gives a request to the protocol that claims it. */
	handle(request: HttpRequest, response: HttpResponse): void {
		this.#find(request)?.handle(request, response);
	}

	/** Ends the streams that never end by themselves. */
	async drain(): Promise<void> {
		await Promise.all(this.#protocols.map((protocol) => protocol.drain?.()));
	}

	close(): void {
		for (const protocol of this.#protocols) protocol.close?.();
	}

	#add(claim: Claim, protocol: OpenProtocol): void {
		if ("contentType" in claim) this.#byType.set(claim.contentType, { claim, protocol });
		else if ("match" in claim) this.#matching.push({ claim, protocol });
		else if (isBelow(claim)) this.#below.push({ claim, protocol, prefix: claim.path.slice(0, -1) });
		else this.#byPath.set(claim.path, [...(this.#byPath.get(claim.path) ?? []), { claim, protocol }]);
	}

	#find(request: HttpRequest): OpenProtocol | undefined {
		return this.#findByType(request) ?? this.#findByPath(request) ?? this.#findByMatch(request);
	}

	#findByType(request: HttpRequest): OpenProtocol | undefined {
		if (this.#byType.size === 0) return undefined;
		const header = request.header("content-type");
		if (header === undefined) return undefined;
		const type = mediaType(header);
		const found = this.#byType.get(type) ?? this.#byType.get(type.split("+", 1)[0] as string);
		return found?.claim.http2 === true && request.version !== 2 ? undefined : found?.protocol;
	}

	#findByPath({ path, method }: HttpRequest): OpenProtocol | undefined {
		const exact = this.#byPath.get(path)?.find(({ claim }) => hasVerb(claim, method));
		if (exact !== undefined) return exact.protocol;
		for (const { claim, protocol, prefix } of this.#below) {
			if (path.startsWith(prefix) && hasVerb(claim, method)) return protocol;
		}
		return undefined;
	}

	#findByMatch(request: HttpRequest): OpenProtocol | undefined {
		for (const { claim, protocol } of this.#matching) {
			if (claim.match(request, this.#endpoints)) return protocol;
		}
		return undefined;
	}
}
