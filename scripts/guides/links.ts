import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** Returns the relative links of a Markdown file that are broken: those to no file, or to no heading of a page. */
export function brokenLinks(file: string): string[] {
	const text = withoutBlocks(readFileSync(file, "utf8"));
	const links = [...text.matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)].map(([, link = ""]) => link);
	return links.filter((link) => !leadsSomewhere(file, link));
}

function leadsSomewhere(from: string, link: string): boolean {
	const [path = "", anchor] = link.split("#");
	const target = path === "" ? from : join(dirname(from), path);
	if (!existsSync(target)) return false;
	if (anchor === undefined || statSync(target).isDirectory()) return true;
	return anchorsOf(readFileSync(target, "utf8")).includes(anchor);
}

/** The anchors of the headings, as GitHub generates them. */
function anchorsOf(text: string): string[] {
	return [...withoutBlocks(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
		heading
			.toLowerCase()
			.replaceAll(/[^\p{L}\p{N} _-]/gu, "")
			.replaceAll(" ", "-"),
	);
}

function withoutBlocks(text: string): string {
	return text.replaceAll(/^```[\s\S]*?^```$/gm, "");
}
