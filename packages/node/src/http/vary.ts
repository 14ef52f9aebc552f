import type { OutgoingHttpHeaders } from "node:http";

/** Adds a request header on which the answer depends to the names that its `vary` already has. */
export function addVary(headers: OutgoingHttpHeaders, name: string): void {
	const { vary } = headers;
	if (vary === undefined) headers.vary = name;
	else headers.vary = withName([vary].flat().join(", "), name);
}

function withName(vary: string, name: string): string {
	const names = vary.split(",").map((each) => each.trim().toLowerCase());
	if (names.includes("*") || names.includes(name)) return vary;
	return vary.trim() === "" ? name : `${vary}, ${name}`;
}
