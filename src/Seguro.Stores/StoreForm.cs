namespace Seguro.Stores;

/// <summary>What follows an engine's word in a URL.</summary>
public enum StoreForm
{
    /// <summary>A path: <c>sqlite:PATH</c>.</summary>
    Path,

    /// <summary>Addresses of nodes: <c>dqlite://HOST:PORT,HOST:PORT</c>; with <c>+plain</c> after the word, traffic is not encrypted.</summary>
    Addresses,

    /// <summary>A URL as the database's own clients take it: <c>postgresql://…</c>.</summary>
    Server,
}
