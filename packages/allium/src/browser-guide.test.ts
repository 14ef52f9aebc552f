import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ServiceProcess } from "@allium/testing/process";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { bundlePage, isBrowserMissing, launchBrowser } from "./fixtures/browser/browser-lab.ts";

const root = new URL("../../..", import.meta.url).pathname;
const guide = await readFile(join(root, "docs/guide/browser.md"), "utf8");
const programs = [...guide.matchAll(/```ts file=(\S+)\n([\s\S]*?)```/g)];
const [, shown = ""] = /```text\n([\s\S]*?)```/.exec(guide) ?? [];

let folder: string;

beforeEach(async () => {
	// Inside the workspace, so that its packages are found as in a project that has installed them.
	await mkdir(join(root, ".cache"), { recursive: true });
	folder = await mkdtemp(join(root, ".cache", "browser-guide-"));
	await writeFile(join(folder, "package.json"), '{ "type": "module" }');
	for (const [, name = "", text = ""] of programs) await writeFile(join(folder, name), text);
});

afterEach(async () => {
	await rm(folder, { recursive: true, force: true });
});

test.skipIf(isBrowserMissing)("the guide to browsers shows what its page shows", async () => {
	const env = { ALLIUM_REGISTRY: `sqlite://${folder}` };
	await using words = await ServiceProcess.start(join(folder, "main.ts"), { env });
	await using browser = await launchBrowser();
	const page = await browser.newPage();
	const body = `<body><script type="module">${await bundlePage(join(folder, "page.ts"))}</script>`;
	await page.route(`${words.url}/page`, (route) => route.fulfill({ contentType: "text/html", body }));

	await page.goto(`${words.url}/page`);

	const text = async (): Promise<string> => (await page.innerText("body")).trimEnd();
	await vi.waitFor(async () => expect(await text()).toBe(shown.trimEnd()), { timeout: 10_000 });
});
