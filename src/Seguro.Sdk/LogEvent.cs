using Seguro.Core;

namespace Seguro.Sdk;

/// <summary>An event that was read, and verified.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Payload">Its bytes: valid until the next event is asked for. Copy them to keep them.</param>
/// <param name="Chain">The chain at its number: two logs with the same have the same events up to here.</param>
public readonly record struct LogEvent(ulong Number, ReadOnlyMemory<byte> Payload, Chain Chain);
