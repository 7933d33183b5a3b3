using System.Text.Json;
using System.Text.Json.Serialization;

namespace Seguro.Node.Configuration;

[JsonSerializable(typeof(string))]
sealed partial class JsonStrings : JsonSerializerContext;
