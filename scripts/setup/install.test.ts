import { expect, test } from "vitest";
import { explain, oldNpm } from "./install.mjs";

test("no network is one sentence that names it", () => {
	const output =
		"npm error code EAI_AGAIN\nnpm error request to https://registry failed\nnpm error A complete log";
	const sentence = explain(output);
	expect(sentence).toMatch(
		/^Could not install the dependencies: the npm registry cannot be reached \(EAI_AGAIN\)/,
	);
	expect(sentence).not.toContain("\n");
});

test("a lockfile that does not fit is one sentence that says what to do", () => {
	expect(explain("npm error code EUSAGE\nnpm error Missing: zod@4 from lock file")).toContain(
		'run "npm install"',
	);
});

test("anything else is shown as npm said it", () => {
	expect(explain("npm error ENOSPC: no space left on device\n")).toBe(
		'npm error ENOSPC: no space left on device\nCould not install the dependencies: "npm ci" failed as shown above.',
	);
});

test("an npm without workspaces is recognised", () => {
	expect(oldNpm("npm/6.14.18 node/v14.21.3 linux x64")).toBe("6.14.18");
	expect(oldNpm("npm/10.8.2 node/v20.20.2 linux x64 workspaces/false")).toBeUndefined();
	expect(oldNpm(undefined)).toBeUndefined();
});
