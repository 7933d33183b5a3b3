using System.Diagnostics.CodeAnalysis;
using Seguro.Core;
using Seguro.Files;
using Seguro.Stores.Postgres;

namespace Seguro.Stores;

/// <summary>
/// Where a log is kept: <c>lmdb:PATH</c>, <c>sqlite:PATH</c>, <c>rocksdb:PATH</c>, <c>dqlite://HOST:PORT,HOST:PORT,…</c>,
/// <c>dqlite+plain://127.0.0.1:PORT,…</c>, <c>etcd://HOST:PORT,HOST:PORT,…[/PREFIX]</c>, <c>etcd+plain://127.0.0.1:PORT,…[/PREFIX]</c>, <c>postgresql://…</c>.
/// </summary>
/// <remarks>
/// <para>May hold a password: print <see cref="ToString"/>, which is made of what was understood and leaves it out, never <see cref="Text"/>. What was not understood is not printed at all,
/// for nobody knows which part of it is a secret.</para>
/// <para><c>@FILE</c> stands for the first line of a file, which keeps a password from the command line, where <c>ps</c> shows it to everybody on the machine.</para>
/// </remarks>
public sealed record StoreUrl
{
    private const int LongestScheme = 16;
    private const string Plain = "+plain";

    private StoreUrl(StoreEngine kind, string text, string rest)
    {
        Kind = kind;
        Text = text;
        Rest = rest;
    }

    /// <summary>The kind of store.</summary>
    public StoreEngine Kind { get; }

    /// <summary>Its word.</summary>
    public string Engine => Kind.Name;

    /// <summary>The URL as it was given, password and all.</summary>
    public string Text { get; }

    /// <summary>What follows the scheme: a path, or hosts with options.</summary>
    public string Rest { get; }

    /// <summary>Unencrypted traffic was asked for by name (<c>dqlite+plain</c>, <c>etcd+plain</c>).</summary>
    public bool IsPlain { get; private init; }

    /// <summary>Reads a URL, or the file that <c>@FILE</c> names.</summary>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.BadStoreUrl"/>, naming the forms that there are; of a file, <see cref="ErrorCode.NotFound"/>, <see cref="ErrorCode.FileAccess"/>, or
    /// <see cref="ErrorCode.AccessDenied"/>: others may read it.
    /// </exception>
    public static StoreUrl Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.StartsWith('@'))
            text = SecretFile.ReadLine(text[1..], "store's URL");
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
            throw Bad(null, "it has no scheme");
        string scheme = text[..colon].ToLowerInvariant();
        string rest = text[(colon + 1)..];
        bool isPlain = scheme.EndsWith(Plain, StringComparison.Ordinal);
        string word = isPlain ? scheme[..^Plain.Length] : scheme == "postgres" ? "postgresql" : scheme;
        if (StoreEngine.Find(word) is not { } kind || (isPlain && kind.Form is not StoreForm.Addresses))
        {
            bool isWord = scheme.Length <= LongestScheme && scheme.All(char.IsAsciiLetter);
            string known = isWord && Nearest(scheme) is { } near ? $"; did you mean '{near}'?" : "";
            throw Bad(isWord ? scheme : null, isWord ? $"there is no store '{scheme}'{known}" : "it does not begin with the name of a store");
        }
        if (kind.Form is StoreForm.Path)
            return rest.Length > 0 ? new StoreUrl(kind, text, rest) : throw Bad(scheme, "the path is missing");
        if (!rest.StartsWith("//", StringComparison.Ordinal))
            throw Bad(scheme, kind.Form is StoreForm.Server ? "'//' is missing" : "the addresses are missing");
        if (rest.Length == 2 && kind.Form is StoreForm.Addresses)
            throw Bad(scheme, "the addresses are missing");
        return new StoreUrl(kind, text, rest[2..]) { IsPlain = isPlain };
    }

    /// <summary>The URL as it was understood, without passwords.</summary>
    public override string ToString() => Kind.Form switch
    {
        StoreForm.Path => $"{Engine}:{Rest}",
        StoreForm.Server => $"postgresql://{PostgresUrl.WhereOf(this) ?? "…"}",
        // Neither takes a user: what stands before an '@' may be a password.
        _ => $"{Engine}{(IsPlain ? Plain : "")}://{(Rest.Contains('@', StringComparison.Ordinal) ? "…" : Rest)}",
    };

    private static SeguroException Bad(string? scheme, string why) => new(
        ErrorCode.BadStoreUrl,
        $"{(scheme is null ? "what was given" : $"'{scheme}:…'")} is not a store's URL: {why}",
        $"Write {string.Join(", ", StoreEngine.All.SkipLast(1).Select(static kind => kind.Example))} or {StoreEngine.All[^1].Example}.");

    private static string? Nearest(string scheme) =>
        StoreEngine.All.Select(static kind => kind.Name)
            .FirstOrDefault(engine => scheme.Length > 2 && (engine.StartsWith(scheme, StringComparison.Ordinal) || scheme.StartsWith(engine, StringComparison.Ordinal)
            || (engine.Length == scheme.Length && engine.Zip(scheme).Count(static pair => pair.First != pair.Second) <= 2)));
}
