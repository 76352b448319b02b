/** A model's own options, read from its JSON schema (2020-12) into what a form can offer. */

export type OptionField = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly required: boolean;
} & (
  | { readonly type: 'choice'; readonly values: readonly (string | number)[]; readonly preset: string | number | undefined }
  | { readonly type: 'flag'; readonly preset: boolean }
  | { readonly type: 'range'; readonly minimum: number; readonly maximum: number; readonly step: number; readonly preset: number | undefined }
  | { readonly type: 'text'; readonly preset: string; readonly maxLength: number | undefined }
);

export type OptionValue = string | number | boolean;

interface Schema {
  readonly type?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly multipleOf?: number;
  readonly maxLength?: number;
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const STEPS_OF_A_FRACTION = 100;

/** The fields of a schema of an object; what is no simple field is left out, and the model's default holds for it. */
export function optionFields(schema: Readonly<Record<string, unknown>>): OptionField[] {
  const { properties = {}, required = [], $defs = {} } = schema as ObjectSchema;
  return Object.entries(properties)
    .map(([name, each]) => fieldOf(name, plain(each, $defs), required.includes(name)))
    .filter((field) => field !== null);
}

/** Looks through `$ref` and "this or null"; the outer words win. */
function plain(schema: Schema, definitions: Readonly<Record<string, Schema>>): Schema {
  const inner = (schema.anyOf ?? schema.oneOf)?.find(({ type }) => type !== 'null') ?? schema;
  const target = inner.$ref === undefined ? inner : (definitions[inner.$ref.slice(inner.$ref.lastIndexOf('/') + 1)] ?? {});
  return { ...target, ...(schema === inner ? {} : words(schema)) };
}

const words = ({ title, description, default: preset }: Schema): Schema =>
  Object.fromEntries(Object.entries({ title, description, default: preset }).filter(([, value]) => value !== undefined));

function fieldOf(name: string, schema: Schema, required: boolean): OptionField | null {
  const common = { name, title: schema.title ?? name, description: schema.description ?? '', required };
  const { default: preset } = schema;
  if (schema.enum) {
    const values = schema.enum.filter((value) => typeof value === 'string' || typeof value === 'number');
    return { ...common, type: 'choice', values, preset: values.find((value) => value === preset) };
  }
  if (schema.type === 'boolean') return { ...common, type: 'flag', preset: preset === true };
  if (schema.type === 'string') {
    return { ...common, type: 'text', preset: typeof preset === 'string' ? preset : '', maxLength: schema.maxLength };
  }
  if ((schema.type === 'integer' || schema.type === 'number') && schema.minimum !== undefined && schema.maximum !== undefined) {
    const { minimum, maximum } = schema;
    const step = schema.multipleOf ?? (schema.type === 'integer' ? 1 : (maximum - minimum) / STEPS_OF_A_FRACTION);
    return { ...common, type: 'range', minimum, maximum, step, preset: typeof preset === 'number' ? preset : undefined };
  }
  return null;
}
