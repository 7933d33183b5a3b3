using System.Runtime.InteropServices;

namespace Seguro.Native;

/// <summary><c>seguro_error</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeError
{
    public const int WhatSize = 1016;
    public const int NextStepSize = 512;

    public int Code;
    public uint Reserved;
    public fixed byte What[WhatSize];
    public fixed byte NextStep[NextStepSize];
}

/// <summary><c>seguro_options</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeOptions
{
    public const uint Create = 1;
    public const uint ReadOnly = 2;
    public const uint Real = 4;
    public const uint AllowUnsafe = 8;

    public uint Size;
    public uint Flags;
    public byte* Name;
    public byte* Certificates;
    public byte* Despite;
    public uint LeaseMilliseconds;
    public uint PatienceMilliseconds;
    public uint Life;
    public uint MostWaiting;
    public ulong MostWaitingBytes;
}

/// <summary><c>seguro_head_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeHead
{
    public const int WriterSize = 256;

    public ulong First;
    public ulong Number;
    public ulong Term;
    public ulong Bytes;
    public fixed byte Chain[32];
    public fixed byte Writer[WriterSize];
}

/// <summary><c>seguro_store_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeStore
{
    public const int EngineSize = 16;
    public const int MeansSize = 240;

    public fixed byte Engine[EngineSize];
    public fixed byte CommitMeans[MeansSize];
    public ulong LargestEvent;
    public uint DurableCopies;
    public uint Reserved;
}

/// <summary><c>seguro_bytes</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeBytes
{
    public byte* Data;
    public nuint Size;
}

/// <summary><c>seguro_event</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeEvent
{
    public ulong Number;
    public ulong Size;
    public ulong Offset;
    public ulong Length;
    public fixed byte Chain[32];
}
