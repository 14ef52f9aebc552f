import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorText } from "@allium/core";
import { viewCrashCycles } from "@allium/testing/crash";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

describe("a crash run of views finds out", () => {
	let folder: string;
	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "allium-view-crashes-"));
	});
	afterEach(() => rm(folder, { recursive: true }));

	const harm = (fixture: string, harm: "kill" | "suspend") =>
		viewCrashCycles({
			module: import.meta.resolve(`./fixtures/${fixture}.ts`),
			url: `sqlite:${folder}`,
			cycles: 6,
			patienceMs: 30_000,
			harm,
		});

	test("places that are saved apart from rows", async () => {
		const { faults } = await harm("views-with-places-apart", "kill");
		expect(faults.join("\n")).toMatch(
			/ took \d+ events of the key k\d+, and its log has \d+ up to its place/,
		);
	}, 180_000);

	test("changes that are taken from a process whose lease another has", async () => {
		// Two processes that overtake each other may also bring a view to where it goes on no more.
		const found = await harm("views-without-fencing", "suspend").then(
			({ faults }) => faults,
			(error) => [errorText(error)],
		);
		expect(found.join("\n")).toMatch(/its log has|parked keys|and one before had|does not go on/);
	}, 180_000);
});
