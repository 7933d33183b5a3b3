namespace Seguro.Nouns;

/// <summary>How an atom is written.</summary>
public enum Aura
{
    /// <summary>As what it looks like: a number, a term, text, a time.</summary>
    Guessed,

    /// <summary>Decimal, <c>1.234</c>.</summary>
    Ud,

    /// <summary>Hexadecimal, <c>0xdead.beef</c>.</summary>
    Ux,

    /// <summary>Base 32, <c>0v1.abcde</c>.</summary>
    Uv,

    /// <summary>The name of a ship, <c>~sampel-palnet</c>; hexadecimal beyond 128 bits.</summary>
    P,

    /// <summary>An absolute time, <c>~2023.11.14..22.13.20</c>; hexadecimal beyond 128 bits.</summary>
    Da,

    /// <summary>Text, <c>'urbit'</c>.</summary>
    T,
}
