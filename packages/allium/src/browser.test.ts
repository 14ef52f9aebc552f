import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
	act,
	BrowserLab,
	bundlePage,
	chromiumPath,
	isBrowserMissing,
	launchBrowser,
	probePage,
} from "./fixtures/browser/browser-lab.ts";

const title = isBrowserMissing
	? `a page in Chromium (skipped: there is no ${chromiumPath})`
	: "a page in Chromium";

describe.skipIf(isBrowserMissing)(title, () => {
	let browser: Browser;
	let bundle: string;
	let lab: BrowserLab;
	let page: Page;

	beforeAll(async () => {
		[browser, bundle] = await Promise.all([launchBrowser(), bundlePage(probePage)]);
	});

	afterAll(() => browser?.close());

	beforeEach(async () => {
		lab = new BrowserLab(browser, bundle);
		await lab.start();
		page = await lab.open();
	});

	afterEach(async () => {
		await page.close();
		await lab.stop();
	});

	const arrived = (): Promise<unknown> => act(page, "arrived");

	describe.each(["http", "ws"] as const)("with a client of %s:", (scheme) => {
		test("makes calls", async () => {
			expect(await act(page, "sum", lab[scheme], 1, 2)).toEqual({ v: 3 });
		});

		test("knows declared errors, with their data", async () => {
			expect(await act(page, "overflow", lab[scheme])).toBe(2 ** 31 - 1);
		});

		test("gets each message of a stream when it is sent", async () => {
			await act(page, "follow", lab[scheme], 2);
			lab.control.tick();
			await vi.waitFor(async () => expect(await arrived()).toEqual([{ n: 1 }]));
			lab.control.tick();
			await vi.waitFor(async () => expect(await arrived()).toEqual([{ n: 1 }, { n: 2 }, "end"]));
		});

		test("stops the handler by breaking out of the stream", async () => {
			expect(await act(page, "breakOut", lab[scheme])).toBe(1024);
			await vi.waitFor(() => expect(lab.control.stopped).toBe(1));
		});

		test("ends calls at their deadline, and their handlers too", async () => {
			expect(await act(page, "deadline", lab[scheme])).toMatchObject({ code: "deadline_exceeded" });
			await vi.waitFor(() => expect(lab.control.hanging).toBe(0));
			expect(lab.control.stopped).toBe(1);
		});

		test("stops handlers by going away", async () => {
			await act(page, "hang", lab[scheme]);
			await vi.waitFor(() => expect(lab.control.hanging).toBe(1));
			await page.close();
			await vi.waitFor(() => expect(lab.control.hanging).toBe(0));
		});

		test("learns that the server is gone", async () => {
			const url = lab[scheme];
			await lab.stop();
			expect(await act(page, "sum", url, 1, 2)).toMatchObject({ code: "unavailable" });
		});
	});

	test("calls its own server by a path", async () => {
		expect(await act(page, "sum", "/", 1, 2)).toEqual({ v: 3 });
	});

	test("sends a stream over ws:, more than any buffer holds", async () => {
		expect(await act(page, "size", lab.ws, 2_000, 4_096)).toEqual({ length: 2_000 * 4_096 });
	});

	test("talks both ways at once over ws:, and stops the handler by leaving", async () => {
		expect(await act(page, "chat", lab.ws)).toBe("you said hello");
		await vi.waitFor(() => expect(lab.control.stopped).toBe(1));
	});

	test("is told that http: cannot send a stream, and what can", async () => {
		expect(await act(page, "size", lab.http, 1, 1)).toEqual({
			code: "unimplemented",
			message: `the input of probe/size is a stream, which fetch cannot send; use a WebSocket URL such as ${lab.ws}`,
		});
	});

	describe("with EventSource", () => {
		const ticks = (upTo: number): string =>
			`/probe/ticks?input=${encodeURIComponent(JSON.stringify({ upTo }))}`;

		test("gets each message when it is sent, then the end, and does not connect again", async () => {
			await act(page, "events", ticks(2));
			lab.control.tick();
			await vi.waitFor(async () => expect(await arrived()).toEqual(['message {"n":1}']));
			lab.control.tick();
			// The browser asks again after some seconds, and learns that the stream is over.
			const all = ['message {"n":1}', 'message {"n":2}', "end {}", "closed"];
			await vi.waitFor(
				async () => expect((await arrived()) as string[]).toEqual(expect.arrayContaining(all)),
				{
					timeout: 15_000,
				},
			);
			expect(lab.control.ticking).toBe(1);
		});

		test("gets the error that ended the stream", async () => {
			await act(page, "events", ticks(-1));
			await vi.waitFor(async () =>
				expect(await arrived()).toEqual([expect.stringMatching(/^error {"code":"out_of_range"/)]),
			);
		});

		test("stops the handler by going away", async () => {
			await act(page, "events", ticks(100));
			lab.control.tick();
			await vi.waitFor(async () => expect(await arrived()).toEqual(['message {"n":1}']));
			await page.close();
			await vi.waitFor(() => {
				lab.control.tick();
				expect(lab.control.stopped).toBe(1);
			});
		});
	});

	describe("of another origin", () => {
		test("cannot open a WebSocket", async () => {
			const stranger = await lab.open(await lab.startStranger());
			expect(await act(stranger, "sum", lab.ws, 1, 2)).toMatchObject({ code: "unavailable" });
			expect(lab.logged).toContain("a WebSocket of a page of another origin was refused");
			await stranger.close();
		});

		test("can when the server names it", async () => {
			await lab.stop();
			const origin = await lab.startStranger();
			await lab.start({ webSockets: { origins: [origin] } });
			const friend = await lab.open(origin);
			expect(await act(friend, "sum", lab.ws, 1, 2)).toEqual({ v: 3 });
			await friend.close();
		});
	});
});
