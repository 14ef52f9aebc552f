/**
 * `@allium/core/reflection`: for tools that know services only by their descriptions, such as gateways and commands.
 * Services and clients do not need it.
 */

export { descriptionOf, isSchema, type Property, type View, view } from "./contract/schema-view.ts";
export { compareVersions } from "./contract/version.ts";
export { resolvePointer } from "./json/json-pointer.ts";
export { breakingDifferences, type ContractsSideBySide, sideBySide } from "./reflection/differences.ts";
export { exampleValue } from "./reflection/example-value.ts";
export {
	contractFromDescription,
	type DescribedFormat,
	type FindCodecs,
	type FromDescriptionOptions,
	isContractDescription,
} from "./reflection/from-description.ts";
export { type ValueFault, valueFaults } from "./reflection/value-faults.ts";
