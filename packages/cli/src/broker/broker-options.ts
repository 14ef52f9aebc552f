import type { Argument, Option } from "../command/command.ts";
import { discovery } from "../command/common-options.ts";

const { namespace = { summary: "" } } = discovery;

/** The options that choose the broker. */
export const brokerOptions: Readonly<Record<string, Option>> = {
	broker: { value: "url", summary: "The broker, instead of the one that the environment names." },
	namespace: { ...namespace, summary: "The namespace of the apps. Default: ALLIUM_NAMESPACE, else default." },
};

/** The arguments that name a group. */
export const groupArguments: readonly Argument[] = [
	{
		name: "topic",
		summary: "The topic: the name of the contract whose events they are.",
		completes: "topics",
	},
	{
		name: "group",
		summary: "The group that handles them: the name of the app by default.",
		completes: "groups",
	},
];

/** The source of the broker's URL, for help texts. */
export const brokerNote =
	"The broker is the one of --broker, ALLIUM_BROKER or ALLIUM_URL. Without those, it is SQLite files in the nearest folder .allium, as for apps.";
