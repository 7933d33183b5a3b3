using System.Security.Cryptography;
using Seguro.Core;

namespace Seguro.Stores;

/// <summary>Makes identities for stores that have none yet.</summary>
internal static class NewIdentity
{
    /// <summary>The name under which stores that keep metadata by log and key keep theirs, of log 0: a number that no log has.</summary>
    public const string Key = "identity";

    /// <summary>One that no store has.</summary>
    public static StoreIdentity Make() => new(RandomNumberGenerator.GetBytes(StoreIdentity.Size));
}
