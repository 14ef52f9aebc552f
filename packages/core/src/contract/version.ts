/**
 * Compares two versions in the order of semantic versioning: negative when the first is older, 0 when they differ in
 * their build metadata alone. Parts that are not numbers are compared as text.
 */
export function compareVersions(one: string, other: string): number {
	const [release = "", preview] = split(one);
	const [otherRelease = "", otherPreview] = split(other);
	const byRelease = compareParts(release, otherRelease);
	if (byRelease !== 0 || preview === otherPreview) return byRelease;
	if (preview === undefined) return 1;
	return otherPreview === undefined ? -1 : compareParts(preview, otherPreview);
}

/** The release, and the pre-release behind its hyphen. */
function split(version: string): string[] {
	const [precedence = ""] = version.split("+");
	const hyphen = precedence.indexOf("-");
	return hyphen < 0 ? [precedence] : [precedence.slice(0, hyphen), precedence.slice(hyphen + 1)];
}

function compareParts(one: string, other: string): number {
	const [parts, others] = [one.split("."), other.split(".")];
	for (let n = 0; n < Math.max(parts.length, others.length); n++) {
		const [part, against] = [parts[n] ?? "", others[n] ?? ""];
		const difference = Number(part) - Number(against);
		if (difference !== 0 && !Number.isNaN(difference)) return difference;
		if (Number.isNaN(difference) && part !== against) return part < against ? -1 : 1;
	}
	return 0;
}
