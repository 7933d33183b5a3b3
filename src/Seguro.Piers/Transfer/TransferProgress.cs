namespace Seguro.Piers.Transfer;

/// <summary>How far a step of a transfer has come; the rate is for the receiver to work out.</summary>
/// <param name="Step">What is being done; each begins at zero, with totals of its own.</param>
/// <param name="Events">Events done in this step. When copying into a store: committed there.</param>
/// <param name="TotalEvents">Events of this step.</param>
/// <param name="Bytes">Payload bytes done in this step.</param>
/// <param name="TotalBytes">Payload bytes of this step; 0 where they are not known before.</param>
public readonly record struct TransferProgress(TransferStep Step, ulong Events, ulong TotalEvents, long Bytes, long TotalBytes);
