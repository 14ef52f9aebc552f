import { describe, test } from "vitest";
import { isServerRequired, type ServerName, serverProgram } from "./server-program.ts";

/**
 * Declares Vitest tests that need a real server. If the server is not installed, the tests are skipped and their title
 * says so, unless `ALLIUM_TEST_REQUIRE` names the server: then they fail.
 *
 * @param tests gets the path of the server's program.
 *
 * @example
 * describeServer("consul", (program) => {
 * 	test("…", async () => {
 * 		await using consul = await startServer({ file: program, … });
 * 	});
 * });
 */
export function describeServer(name: ServerName, tests: (program: string) => void): void {
	const program = serverProgram(name);
	if (program !== undefined) {
		describe(name, () => tests(program));
		return;
	}
	const message = `${name} is not installed; "npm run services" installs it`;
	if (isServerRequired(name)) {
		test(`${name} is installed`, () => {
			throw new Error(message);
		});
	} else {
		describe.skip(`${name} (skipped: ${message})`, () => tests(name));
	}
}
