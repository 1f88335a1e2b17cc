"""How a chart is put on paper: words, arrows and tables first, then one writer for each form."""
