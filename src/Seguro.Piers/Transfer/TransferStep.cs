namespace Seguro.Piers.Transfer;

/// <summary>What a transfer is doing.</summary>
public enum TransferStep
{
    /// <summary>Reading what both sides have.</summary>
    Comparing,
    /// <summary>Reading the sizes of what is to come, where the store limits them.</summary>
    Measuring,
    /// <summary>Carrying events over.</summary>
    Copying,
}
