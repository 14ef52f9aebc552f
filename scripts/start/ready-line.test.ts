import { expect, test } from "vitest";
import { readyUrl } from "./ready-line.ts";

test.each([
	["12:30:01 info  greeter is ready url=http://127.0.0.1:4000 registry=sqlite:///a", "http://127.0.0.1:4000"],
	["Ready: http://127.0.0.1:4000.", "http://127.0.0.1:4000"],
	['{"message":"greeter is ready","url":"http://[::1]:4000/"}', "http://[::1]:4000"],
])("%s", (line, url) => {
	expect(readyUrl(line)).toBe(url);
});

test.each(["listening on http://127.0.0.1:4000", "already at http://127.0.0.1:4000", "ready to connect"])(
	"not the line that says it: %s",
	(line) => {
		expect(readyUrl(line)).toBeUndefined();
	},
);
