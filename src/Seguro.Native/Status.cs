namespace Seguro.Native;

/// <summary>What functions return beside the codes of errors, as <c>seguro.h</c> has it.</summary>
internal static class Status
{
    public const int Ok = 0;
    public const int None = -1;
    public const int Timeout = -2;
    public const int Closed = -3;
    public const int Small = -4;
    public const int Invalid = -5;
    public const int Forked = -6;
}
