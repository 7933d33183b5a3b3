using System.Text.Json;
using System.Text.Json.Serialization;
using Seguro.Node.Members;
using Seguro.Node.Ships;

namespace Seguro.Node.Admin;

/// <summary>The JSON of the admin API.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(OptimismRequest))]
[JsonSerializable(typeof(MembersRequest))]
[JsonSerializable(typeof(StepDownRequest))]
[JsonSerializable(typeof(PauseRequest))]
[JsonSerializable(typeof(IReadOnlyList<HistoryEntry>))]
[JsonSerializable(typeof(ErrorReport))]
[JsonSerializable(typeof(FleetReport))]
[JsonSerializable(typeof(RegisteredShip))]
sealed partial class AdminJson : JsonSerializerContext;
