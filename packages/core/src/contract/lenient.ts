/**
 * Makes schema libraries describe the rest of a schema when they cannot describe a part of it, such as the result of
 * a transform; that part may be anything. zod knows the first option, valibot the others.
 */
export const lenient: Record<string, unknown> = {
	unrepresentable: "any",
	errorMode: "ignore",
	overrideAction: ({ valibotAction }: { readonly valibotAction: Action }) => {
		const changes = valibotAction.kind === "transformation" && !keepsType.has(valibotAction.type);
		return changes ? {} : undefined;
	},
};

/** An action of a valibot pipe. */
interface Action {
	readonly kind: string;
	readonly type: string;
}

/** The transformations of valibot that keep the type of their input. */
const keepsType: ReadonlySet<string> = new Set([
	"brand",
	"filter_items",
	"flavor",
	"normalize",
	"readonly",
	"sort_items",
	"to_lower_case",
	"to_max_value",
	"to_min_value",
	"to_upper_case",
	"trim",
	"trim_end",
	"trim_start",
]);
