import type { Option } from "../command/command.ts";
import { discovery } from "../command/common-options.ts";

const { namespace = { summary: "" } } = discovery;

/** The options that choose the event store. */
export const storeOptions: Readonly<Record<string, Option>> = {
	store: { value: "url", summary: "The event store, instead of the one that the environment names." },
	namespace: { ...namespace, summary: "The namespace of the apps. Default: ALLIUM_NAMESPACE, else default." },
};

/** The source of the event store's URL, for help texts. */
export const storeNote =
	"The event store is the one of --store, ALLIUM_EVENTS or ALLIUM_URL. Without those, it is SQLite files in the nearest folder .allium, as for apps.";
