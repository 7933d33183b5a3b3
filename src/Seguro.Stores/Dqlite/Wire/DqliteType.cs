namespace Seguro.Stores.Dqlite;

/// <summary>The types of values in dqlite's wire protocol, with their codes there.</summary>
public enum DqliteType
{
    /// <summary>No value was given; never on the wire.</summary>
    None = 0,
    /// <summary>A signed integer of 64 bits.</summary>
    Integer = 1,
    /// <summary>A floating-point number of 64 bits.</summary>
    Real = 2,
    /// <summary>UTF-8 text without NUL.</summary>
    Text = 3,
    /// <summary>Bytes.</summary>
    Blob = 4,
    /// <summary>No value.</summary>
    Null = 5,
    /// <summary>Seconds since 1970, as an integer.</summary>
    UnixTime = 9,
    /// <summary>A time, as text.</summary>
    Iso8601 = 10,
    /// <summary>A truth value, as an integer.</summary>
    Boolean = 11,
}
