namespace Seguro.Testing.Vere;

/// <summary>Which vere is stood in for: <c>STANDIN_VERE_VERSION</c>, else 4.6. Before 4.0 it speaks protocol 1 and has epochs of format 1, else protocol 2 and format 2.</summary>
static class StandInVersion
{
    /// <summary>The version, as <c>vere.txt</c> has it.</summary>
    public static string Text { get; } = Environment.GetEnvironmentVariable("STANDIN_VERE_VERSION") is { Length: > 0 } version ? version : "4.6";

    /// <summary>Is it one before 4.0?</summary>
    public static bool IsThree { get; } = Text.StartsWith("3.", StringComparison.Ordinal);

    /// <summary>What it writes into <c>epoc.txt</c>.</summary>
    public static string EpochFormat => IsThree ? "1" : "2";
}
