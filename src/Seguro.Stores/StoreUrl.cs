using System.Diagnostics.CodeAnalysis;
using Seguro.Core;

namespace Seguro.Stores;

/// <summary>
/// Where a log is kept: <c>lmdb:PATH</c>, <c>sqlite:PATH</c>, <c>rocksdb:PATH</c>, <c>dqlite://HOST:PORT,HOST:PORT,…</c>,
/// <c>dqlite+plain://127.0.0.1:PORT,…</c>, <c>etcd://HOST:PORT,HOST:PORT,…[/PREFIX]</c>, <c>etcd+plain://127.0.0.1:PORT,…[/PREFIX]</c>, <c>postgresql://…</c>.
/// </summary>
/// <remarks>May hold a password: print <see cref="ToString"/>, which leaves it out, never <see cref="Text"/>.</remarks>
public sealed record StoreUrl
{
    private static readonly string[] Engines = ["lmdb", "sqlite", "rocksdb", "dqlite", "etcd", "postgresql"];

    private StoreUrl(string engine, string text, string rest)
    {
        Engine = engine;
        Text = text;
        Rest = rest;
    }

    /// <summary>One of <c>lmdb</c>, <c>sqlite</c>, <c>rocksdb</c>, <c>dqlite</c>, <c>etcd</c>, <c>postgresql</c>.</summary>
    public string Engine { get; }

    /// <summary>The URL as it was given, password and all.</summary>
    public string Text { get; }

    /// <summary>What follows the scheme: a path, or hosts with options.</summary>
    public string Rest { get; }

    /// <summary>Unencrypted traffic was asked for by name (<c>dqlite+plain</c>, <c>etcd+plain</c>).</summary>
    public bool IsPlain { get; private init; }

    /// <summary>Reads a URL.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadStoreUrl"/>, naming the forms that there are.</exception>
    public static StoreUrl Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
            throw Bad(text, "it has no scheme");
        string scheme = text[..colon].ToLowerInvariant();
        string rest = text[(colon + 1)..];
        switch (scheme)
        {
            case "lmdb" or "sqlite" or "rocksdb":
                if (rest.Length == 0)
                    throw Bad(text, "the path is missing");
                return new StoreUrl(scheme, text, rest);
            case "dqlite" or "dqlite+plain" or "etcd" or "etcd+plain":
                if (!rest.StartsWith("//", StringComparison.Ordinal) || rest.Length == 2)
                    throw Bad(text, "the addresses are missing");
                bool plain = scheme.EndsWith("+plain", StringComparison.Ordinal);
                return new StoreUrl(plain ? scheme[..^"+plain".Length] : scheme, text, rest[2..]) { IsPlain = plain };
            case "postgresql" or "postgres":
                if (!rest.StartsWith("//", StringComparison.Ordinal))
                    throw Bad(text, "'//' is missing");
                return new StoreUrl("postgresql", text, rest[2..]);
            default:
                throw Bad(text, Nearest(scheme) is { } near ? $"there is no store '{scheme}'; did you mean '{near}'?" : $"there is no store '{scheme}'");
        }
    }

    /// <summary>The URL without its password.</summary>
    public override string ToString() => Redact(Text);

    private static SeguroException Bad(string text, string why) => new(
        ErrorCode.BadStoreUrl,
        $"'{Redact(text)}' is not a store's URL: {why}",
        "Write lmdb:PATH, sqlite:PATH, rocksdb:PATH, dqlite://HOST:PORT,HOST:PORT, etcd://HOST:PORT,HOST:PORT or postgresql://USER@HOST/DATABASE.");

    private static string Redact(string text)
    {
        int start = text.IndexOf("://", StringComparison.Ordinal);
        if (start < 0)
            return text;
        start += 3;
        // The last '@', wherever it stands: a password may hold '/' and '?' unescaped, and too much is better hidden than too little.
        int at = text.LastIndexOf('@');
        int colon = at < start ? -1 : text.IndexOf(':', start, at - start);
        string shown = colon < 0 ? text : string.Concat(text.AsSpan(0, colon + 1), "***", text.AsSpan(at));
        int password = shown.IndexOf("password=", StringComparison.OrdinalIgnoreCase);
        if (password < 0)
            return shown;
        int from = password + "password=".Length;
        int to = shown.IndexOf('&', from);
        return string.Concat(shown.AsSpan(0, from), "***", to < 0 ? "" : shown.AsSpan(to));
    }

    private static string? Nearest(string scheme) =>
        Engines.FirstOrDefault(engine => scheme.Length > 2 && (engine.StartsWith(scheme, StringComparison.Ordinal) || scheme.StartsWith(engine, StringComparison.Ordinal)
            || (engine.Length == scheme.Length && engine.Zip(scheme).Count(static pair => pair.First != pair.Second) <= 2)));
}
