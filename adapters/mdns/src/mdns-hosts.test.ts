import { canMakeHosts, type NetworkHost, NetworkHosts } from "@allium/testing/hosts";
import { ServiceProcess } from "@allium/testing/process";
import { expect, test } from "vitest";

const isRequired = (process.env.ALLIUM_TEST_REQUIRE ?? "").split(",").includes("hosts");
const onHosts = test.skipIf(!canMakeHosts() && !isRequired);

function neighbour({ via, name }: NetworkHost): ServiceProcess {
	return ServiceProcess.run(new URL("fixtures/neighbour.ts", import.meta.url).pathname, {
		via,
		args: [name],
		env: { NODE_OPTIONS: "--conditions=@allium/source" },
	});
}

/** How often a process was told a line. */
function count({ output }: ServiceProcess, line: string): number {
	return output.split("\n").filter((each) => each === line).length;
}

onHosts(
	"hosts of one network find each other, lose one that is cut off, and hear one that leaves",
	async () => {
		using hosts = NetworkHosts.create(["one", "two"]);
		const two = hosts.host("two");
		await using first = neighbour(hosts.host("one"));
		await first.says(/^snapshot one$/m);
		await using second = neighbour(two);
		await second.says(/^snapshot one two$/m);
		await first.says(/^up two$/m);
		two.cut();
		await first.says(/^down two$/m);
		await second.says(/^down one$/m);
		two.heal();
		await expect.poll(() => count(first, "up two"), { timeout: 60_000 }).toBe(2);
		await expect.poll(() => count(second, "up one"), { timeout: 60_000 }).toBe(1);
		second.signal("SIGTERM");
		expect(await second.ended()).toBe(0);
		await expect.poll(() => count(first, "down two"), { timeout: 60_000 }).toBe(2);
	},
);
