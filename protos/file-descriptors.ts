import protobuf from "protobufjs";

/** A descriptor.proto message in the object form that protobufjs takes. */
type Description = Record<string, unknown>;

interface FileDescription extends Description {
  readonly name: string;
  readonly package: string;
  readonly syntax: "proto3";
  readonly dependency: readonly string[];
}

const scalarTypes = new Map<string, string>(
  "double float int64 uint64 int32 fixed64 fixed32 bool string bytes uint32 sfixed32 sfixed64 sint32 sint64"
    .split(" ")
    .map((name) => [name, `TYPE_${name.toUpperCase()}`]),
);

/**
 * FileDescriptorProtos of all files of a root, as protoc would make them (without comments, and with the imports that are
 * used). `fileOf` tells the file of a top-level object; what it doesn't know is taken for one of google/protobuf.
 */
export function fileDescriptors(
  root: protobuf.Root,
  fileOf: (object: protobuf.ReflectionObject) => string | undefined,
): readonly FileDescription[] {
  const nameOf = (object: protobuf.ReflectionObject) => fileOf(topLevel(object)) ?? googleFile(topLevel(object));
  const groups = new Map<string, protobuf.ReflectionObject[]>();
  for (const object of declarations(root)) {
    const name = nameOf(object);
    groups.set(name, [...(groups.get(name) ?? []), object]);
  }
  return [...groups].map(([name, objects]) => {
    const used = new Set(objects.flatMap(references).map(nameOf));
    used.delete(name);
    return {
      name,
      package: objects[0]?.parent?.fullName.slice(1) ?? "",
      syntax: "proto3",
      dependency: [...used].sort(),
      messageType: objects.filter((object) => object instanceof protobuf.Type).map(describeMessage),
      enumType: objects.filter((object) => object instanceof protobuf.Enum).map(describeEnum),
      service: objects.filter((object) => object instanceof protobuf.Service).map(describeService),
    };
  });
}

/** Messages, enums and services that stand directly in a package. */
function declarations(namespace: protobuf.NamespaceBase): protobuf.ReflectionObject[] {
  return namespace.nestedArray.flatMap((object) => {
    if (object instanceof protobuf.Type || object instanceof protobuf.Enum || object instanceof protobuf.Service)
      return [object];
    return object instanceof protobuf.Namespace ? declarations(object) : [];
  });
}

function topLevel(object: protobuf.ReflectionObject): protobuf.ReflectionObject {
  return object.parent instanceof protobuf.Type ? topLevel(object.parent) : object;
}

/** protobufjs brings google's files along without saying which is which; only these two are imported. */
function googleFile(object: protobuf.ReflectionObject): string {
  return object.name === "Any" ? "google/protobuf/any.proto" : "google/protobuf/wrappers.proto";
}

/** Messages and enums that an object names. */
function references(object: protobuf.ReflectionObject): protobuf.ReflectionObject[] {
  if (object instanceof protobuf.Service)
    return object.methodsArray
      .flatMap((method) => [method.resolvedRequestType, method.resolvedResponseType])
      .filter(isThere);
  if (!(object instanceof protobuf.Type)) return [];
  return [
    ...object.fieldsArray.map((field) => field.resolvedType).filter(isThere),
    ...object.nestedArray.flatMap(references),
  ];
}

function isThere<T>(value: T | null): value is T {
  return value !== null;
}

function describeMessage(type: protobuf.Type): Description {
  // A proto3 `optional` is a oneof of its own, which has to come after the written ones.
  const oneofs = type.oneofsArray.toSorted((a, b) => Number(isOptional(a)) - Number(isOptional(b)));
  return {
    name: type.name,
    field: type.fieldsArray.map((field) => describeField(field, oneofs)),
    nestedType: [
      ...type.nestedArray.filter((object) => object instanceof protobuf.Type).map(describeMessage),
      ...type.fieldsArray.filter((field) => field instanceof protobuf.MapField).map(describeEntry),
    ],
    enumType: type.nestedArray.filter((object) => object instanceof protobuf.Enum).map(describeEnum),
    oneofDecl: oneofs.map((oneof) => ({ name: oneof.name })),
    // The end is the last number in the text and the first free one in a descriptor.
    reservedRange: (type.reserved ?? []).filter(Array.isArray).map(([start, end]) => ({ start, end: end + 1 })),
    reservedName: (type.reserved ?? []).filter((name) => typeof name === "string"),
  };
}

function isOptional(oneof: protobuf.OneOf): boolean {
  return oneof.fieldsArray.some((field) => field.options?.["proto3_optional"] === true);
}

function describeField(field: protobuf.Field, oneofs: readonly protobuf.OneOf[]): Description {
  return {
    name: field.name,
    number: field.id,
    label: field.repeated || field.map ? "LABEL_REPEATED" : "LABEL_OPTIONAL",
    ...(field instanceof protobuf.MapField
      ? { type: "TYPE_MESSAGE", typeName: `${field.parent?.fullName}.${entryName(field)}` }
      : describeType(field.type, field.resolvedType)),
    ...(field.partOf ? { oneofIndex: oneofs.indexOf(field.partOf) } : {}),
    // protoc names every field: a client that reads JSON with these names only would know none otherwise.
    jsonName: field.options?.["json_name"] ?? camelCase(field.name),
    ...(field.options?.["proto3_optional"] === true ? { proto3Optional: true } : {}),
    ...(field.options?.["deprecated"] === true ? { options: { deprecated: true } } : {}),
  };
}

function describeType(name: string, resolved: protobuf.Type | protobuf.Enum | null): Description {
  if (resolved === null) return { type: scalarTypes.get(name) };
  return { type: resolved instanceof protobuf.Enum ? "TYPE_ENUM" : "TYPE_MESSAGE", typeName: resolved.fullName };
}

/** A map is a repeated message of key and value. */
function describeEntry(field: protobuf.MapField): Description {
  const part = (name: string, number: number, type: Description) => ({
    name,
    number,
    label: "LABEL_OPTIONAL",
    jsonName: name,
    ...type,
  });
  return {
    name: entryName(field),
    field: [
      part("key", 1, describeType(field.keyType, null)),
      part("value", 2, describeType(field.type, field.resolvedType)),
    ],
    options: { mapEntry: true },
  };
}

/** protoc's rule: `version_labels` has entries of type `VersionLabelsEntry`; linkers check it. */
function entryName(field: protobuf.FieldBase): string {
  return `${protobuf.util.ucFirst(camelCase(field.name))}Entry`;
}

function describeEnum(type: protobuf.Enum): Description {
  return { name: type.name, value: Object.entries(type.values).map(([name, number]) => ({ name, number })) };
}

function describeService(service: protobuf.Service): Description {
  return {
    name: service.name,
    method: service.methodsArray.map((method) => ({
      name: method.name,
      inputType: method.resolvedRequestType?.fullName,
      outputType: method.resolvedResponseType?.fullName,
      clientStreaming: method.requestStream === true,
      serverStreaming: method.responseStream === true,
    })),
  };
}

/** protoc's rule; the one of protobufjs leaves an underscore before a digit. */
function camelCase(name: string): string {
  return name.replaceAll(/_+(.?)/g, (_all, next: string) => next.toUpperCase());
}
