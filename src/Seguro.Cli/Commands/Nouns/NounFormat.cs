namespace Seguro.Cli.Commands.Nouns;

/// <summary>What a command's input is.</summary>
internal enum NounFormat
{
    /// <summary>Text if it is text that reads as a noun; else newt frames if it is nothing but such; else jam.</summary>
    Guess,

    /// <summary>A noun as people write it.</summary>
    Text,

    /// <summary>Jam: a pill, an exported state.</summary>
    Jam,

    /// <summary>Frames of the runtime's own protocol: 0, the length in 4 bytes, little-endian, jam (vere-facts.md §5.0).</summary>
    Newt,

    /// <summary>An event's payload: 4 bytes of mug, then jam (vere-facts.md §2.3).</summary>
    Event,
}
