namespace Seguro.Tests.Vere.Relay;

/// <summary>What a relay might do wrong. Each is put into a world on purpose, to see that its checks see it.</summary>
enum RelayFlaw
{
    None,

    /// <summary>The gate is taken to be open.</summary>
    ReleasesEarly,

    /// <summary>Text passes by what is held.</summary>
    TextPasses,

    /// <summary>A frame does not reach the king.</summary>
    LosesFrame,

    /// <summary>Two frames change places.</summary>
    SwapsFrames,

    /// <summary>A wish for a snapshot goes to the worker at once.</summary>
    SavesEarly,

    /// <summary>The worker's bytes are taken whatever is held.</summary>
    TakesAll,

    /// <summary>The king's tasks are taken whatever waits.</summary>
    AsksAll,

    /// <summary>An event is reported under its neighbour's number.</summary>
    Miscounts,
}
