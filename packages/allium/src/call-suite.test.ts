import type { EndpointTable } from "@allium/core";
import type { Listener } from "@allium/core/transport";
import { listen } from "@allium/node";
import { type CallSuiteOptions, callSuite } from "@allium/testing/call-suite";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import {
	bundlePage,
	callsPage,
	chromiumPath,
	isBrowserMissing,
	launchBrowser,
} from "./fixtures/browser/browser-lab.ts";
import { PageTransport } from "./fixtures/browser/page-transport.ts";

const title = isBrowserMissing ? `in Chromium (skipped: there is no ${chromiumPath})` : "in Chromium";
const backoff = "what a page does to connect again is tried in Node";
const process = "a page is no process; that it goes away is tried on its own";

const overWebSocket: CallSuiteOptions = {
	skip: { backoff, process, many: "each call is a message to the page" },
};
const overFetch: CallSuiteOptions = {
	skip: {
		...overWebSocket.skip,
		told: "fetch does not say whether a request that failed was sent",
		backpressure: "Chromium reads some 70 MiB ahead of the page",
		streams: "Chromium has six connections of HTTP/1.1 to a server",
		client_stream: "fetch cannot send a stream",
		bidi_stream: "fetch cannot send a stream",
	},
};

describe.skipIf(isBrowserMissing)(title, () => {
	let browser: Browser;
	let bundle: string;
	let page: Page;
	let transport: PageTransport;

	beforeAll(async () => {
		// The proxy that cuts connections is of another origin than the server.
		[browser, bundle] = await Promise.all([launchBrowser("--disable-web-security"), bundlePage(callsPage)]);
		page = await browser.newPage();
		transport = new PageTransport(page);
		await transport.offerInputs();
		await page.addScriptTag({ type: "module", content: bundle });
		await page.waitForFunction("globalThis.actions !== undefined");
	});

	afterAll(() => browser?.close());

	/** A server in Node, called by the page. */
	const setup = (scheme: "http" | "ws") => async () => ({
		transport: transport.of(scheme),
		listen: (endpoints: EndpointTable, address?: string): Promise<Listener> =>
			listen(endpoints, { port: Number(address?.split(":")[1] ?? 0), webSockets: { origins: ["*"] } }),
		url: ({ addresses }: Listener) => String(addresses[0]).replace("http:", `${scheme}:`),
	});

	callSuite("fetch in Chromium", setup("http"), overFetch);
	callSuite("WebSocket in Chromium", setup("ws"), overWebSocket);
});
