using Grpc.Core;

namespace Seguro.Node.Links;

/// <summary>Which version of the ship's own runtime a member has, for people, in the headers of both directions of a stream. Members of an older version say nothing.</summary>
static class RuntimeHeader
{
    private const string Key = "seguro-runtime";
    private const int Longest = 64;

    public static void Add(Metadata headers, LinkOptions options)
    {
        if (options.Runtime is { } own)
            headers.Add(Key, own);
    }

    /// <summary>What the other side says; <see langword="null"/> where it says nothing that can be a version.</summary>
    public static string? Read(Metadata headers) =>
        headers.GetValue(Key) is { Length: > 0 and <= Longest } text && text.All(static next => char.IsAsciiLetterOrDigit(next) || next is '.' or '-' or '_') ? text : null;
}
