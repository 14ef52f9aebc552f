import { type EndpointTable, ServiceError } from "@allium/core";
import { unaryType } from "@allium/core/http";
import type { Claim, ContentTypeClaim, PathClaim, PortProtocol } from "./port-protocol.ts";

/** The end of a claim's path that covers everything below it. */
const below = "/*";

/** Whether a claim covers all paths below one. */
export function isBelow({ path }: PathClaim): boolean {
	return path.endsWith(below);
}

/** Whether a claim covers a path. */
export function hasPath({ path: claimed }: PathClaim, path: string): boolean {
	return claimed.endsWith(below) ? path.startsWith(claimed.slice(0, -1)) : path === claimed;
}

/** Whether a claim covers a verb. */
export function hasVerb({ verbs }: PathClaim, verb: string): boolean {
	return verbs === undefined || verbs.includes(verb);
}

/**
 * Refuses claims that conflict with each other, or with the routes and methods that are served.
 *
 * @throws ServiceError `failed_precondition`.
 */
export function checkClaims(protocols: readonly PortProtocol[], endpoints: EndpointTable): void {
	const before: { readonly name: string; readonly claim: Claim }[] = [];
	for (const { name, claims } of protocols) {
		if (claims.length === 0)
			throw refusal(`the protocol "${name}" claims no requests, so that it would get none`);
		for (const claim of claims) {
			checkClaim(name, claim, endpoints);
			const rival = before.find((other) => isSame(claim, other.claim));
			if (rival !== undefined) throw conflict(name, rival.name, claim);
			before.push({ name, claim });
		}
	}
}

function checkClaim(name: string, claim: Claim, endpoints: EndpointTable): void {
	if ("contentType" in claim) checkType(name, claim);
	else if ("path" in claim) checkPath(name, claim, endpoints);
}

function checkType(name: string, { contentType }: ContentTypeClaim): void {
	if (!/^[\w.-]+\/[\w.+-]+$/.test(contentType) || contentType !== contentType.toLowerCase()) {
		throw refusal(
			`the protocol "${name}" claims the content type ${JSON.stringify(contentType)}; it takes one such as application/grpc, in lower case and without parameters`,
		);
	}
	if (contentType !== unaryType) return;
	throw refusal(
		`the protocol "${name}" claims the content type ${unaryType}, which calls and routes have; claim a path instead`,
	);
}

function checkPath(name: string, claim: PathClaim, { contracts, routes }: EndpointTable): void {
	if (!/^\/(?:[^?#*]*|(?:[^?#*]*\/)?\*)$/.test(claim.path)) {
		throw refusal(
			`the protocol "${name}" claims the path ${JSON.stringify(claim.path)}; it takes one such as /rpc, or /v1/* for all below it`,
		);
	}
	const route = routes?.all().find(({ verb, path }) => hasVerb(claim, verb) && hasPath(claim, path));
	if (route !== undefined) {
		throw refusal(
			`the protocol "${name}" claims the path ${claim.path}, where the route ${route.verb} ${route.path} is; give one of them another path`,
		);
	}
	const method = contracts
		.flatMap((contract) => contract["~allium"].methods)
		.find(({ path }) => hasVerb(claim, "POST") && hasPath(claim, `/${path}`));
	if (method === undefined) return;
	throw refusal(
		`the protocol "${name}" claims the path ${claim.path}, where the method ${method.path} is called; give the protocol another path`,
	);
}

function isSame(one: Claim, other: Claim): boolean {
	if ("contentType" in one) return "contentType" in other && one.contentType === other.contentType;
	if (!("path" in one) || !("path" in other) || one.path !== other.path) return false;
	const { verbs } = one;
	return verbs === undefined ? true : verbs.some((verb) => hasVerb(other, verb));
}

function conflict(name: string, rival: string, claim: Claim): ServiceError {
	const what =
		"contentType" in claim
			? `content type ${claim.contentType}`
			: `path ${"path" in claim ? claim.path : ""}`;
	const one = "contentType" in claim ? "leave one of them out" : "give one of them another path";
	return refusal(`the protocols "${rival}" and "${name}" both claim the ${what}; ${one}`);
}

function refusal(message: string): ServiceError {
	return new ServiceError({ code: "failed_precondition", reason: "invalid_configuration", message });
}
