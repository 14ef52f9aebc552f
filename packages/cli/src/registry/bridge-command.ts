import type { Command } from "../command/command.ts";
import { discovery } from "../command/common-options.ts";

const { namespace = { summary: "" } } = discovery;

/** `allium registry bridge` */
export const registryBridgeCommand: Command = {
	name: "registry bridge",
	summary: "Keep the instances of one registry visible in another one.",
	arguments: [
		{ name: "from", summary: "The URL of the registry that is read." },
		{ name: "to", summary: "The URL of the registry in which copies are kept." },
	],
	options: { namespace },
	notes: [
		"Copies have the label allium-bridge, and no bridge copies a copy: so two bridges, one for each way, make no loop. While the first registry is away, the copies stay. When the bridge is stopped, they go.",
		"The bridge is an app of the second registry, registry-bridge: allium health shows whether both registries answer. PORT and ALLIUM_LISTEN say where it listens.",
	],
	examples: ["allium registry bridge consul://127.0.0.1:8500 nats://127.0.0.1:4222"],
	load: async () => (await import("./bridge.ts")).bridge,
};
