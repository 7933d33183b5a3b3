using Grpc.Core;
using Seguro.Core;

namespace Seguro.Node.Links;

/// <summary>Which store a member works with, in the headers of both directions of a stream: members that do not share one must not take each other's words for their own log's.</summary>
static class StoreHeader
{
    private const string Key = "seguro-store";

    /// <summary>What this member says; nothing before it has opened its store.</summary>
    public static void Add(Metadata headers, LinkOptions options)
    {
        if (options.Store() is { } own)
            headers.Add(Key, own.ToString());
    }

    /// <summary>Compares with what the other side says, and tells. False where the two do not share a store. A member of an older version says nothing, and is not refused for it.</summary>
    public static bool IsShared(Metadata headers, string peer, LinkOptions options)
    {
        if (options.Store() is not { } own || !StoreIdentity.TryParse(headers.GetValue(Key), out StoreIdentity other))
            return true;
        options.StoreCompared?.Invoke(peer, own == other);
        return own == other;
    }
}
