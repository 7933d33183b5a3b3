using System.Text.Json;
using System.Text.Json.Serialization;

namespace Seguro.Node.Ships;

/// <summary>The form of the list's events. What a newer version adds is refused, not passed over.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RegistryChange))]
sealed partial class RegistryJson : JsonSerializerContext;
